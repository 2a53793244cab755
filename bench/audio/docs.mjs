/** Writes what a run found into docs/performance-audio.md, between its markers, and the plot beside it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { plot } from './plot.mjs';

const page = 'docs/performance-audio.md';
const image = 'docs/images/audio-resampling.svg';
const resampling = / → .* kHz$/;

/** `report` is what `--json` writes. */
export function writeDocs({ machine, rows, bars, response }) {
  const tasks = [...new Set(rows.map(({ task }) => task))].filter((task) => resampling.test(task));
  const generated = {
    machine: describe(machine),
    speed: speed(rows, tasks),
    quality: qualities(rows, tasks),
    others: others(rows, tasks),
    bars: barTable(bars),
  };
  let text = readFileSync(page, 'utf8');
  for (const [name, content] of Object.entries(generated)) {
    const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(start), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`${page} has no ${start} … ${end}`);
    text = `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
  }
  writeFileSync(page, text);
  mkdirSync('docs/images', { recursive: true });
  const first = rows.filter(({ task }) => task === tasks[0]);
  writeFileSync(image, plot(response, first));
}

function describe({ cpu, cores, chromium, node, soxr, scipy, numpy }) {
  const natives = soxr ? `, soxr ${soxr}, scipy ${scipy}, numpy ${numpy}` : '';
  return `${cpu}, ${cores} cores; ${chromium}, Node.js ${node}${natives}.`;
}

/** Contestants that resample, in the order of the first task. */
function contestants(rows, tasks) {
  const first = rows.filter(({ task }) => task === tasks[0]);
  return first.map(({ who, host }) => ({
    who,
    host,
    of: (task) => rows.find((row) => row.task === task && row.who === who && row.host === host),
  }));
}

function speed(rows, tasks) {
  const lines = contestants(rows, tasks).map(({ who, host, of }) => {
    const times = tasks.map((task) => cell(of(task)));
    return [who, host, ...times];
  });
  return table(['60 s of mono audio: median (least), ms', 'where', ...tasks], lines);
}

function qualities(rows, tasks) {
  const lines = contestants(rows, tasks)
    .filter(({ of }) => tasks.slice(0, 2).every((task) => of(task)?.quality))
    .map(({ who, of }) => {
      const both = (key, digits) => tasks.slice(0, 2).map((task) => of(task).quality[key].toFixed(digits));
      return [
        who,
        ...[
          ['snr1k', 0],
          ['gain7k5', 2],
          ['alias8k2', 0],
          ['alias10k', 0],
        ].map((k) => both(...k).join(' / ')),
      ];
    });
  const head = [
    'dB, 48 → 16 / 44.1 → 16 kHz',
    'SNR at 1 kHz',
    'gain at 7.5 kHz',
    'alias at 8.2 kHz',
    'alias at 10 kHz',
  ];
  return table(head, lines);
}

function others(rows, tasks) {
  const rest = rows.filter(
    ({ task, error }) => !tasks.includes(task) && !task.startsWith('kernel ') && error === null,
  );
  const lines = rest.map((row) => [
    row.task,
    row.who,
    row.host,
    `${round(row.value)} ${row.unit}`.trim(),
    row.ratio === null ? '' : round(row.ratio),
  ]);
  return table(['task', 'what', 'where', 'median', 'ratio to the reference'], lines);
}

function barTable(bars) {
  const lines = bars.map(({ name, value, unit, most, least, met }) => [
    name,
    value === null ? 'not measured' : `${round(value)} ${unit}`.trim(),
    most === undefined ? `≥ ${least}` : `≤ ${most}`,
    met === null ? '' : met ? 'yes' : 'no',
  ]);
  return table(['aim', 'measured', 'wanted', 'met'], lines);
}

function cell(row) {
  if (!row || row.error !== null) return 'not installed';
  return `${round(row.value)} (${round(row.min)})`;
}

function table(head, lines) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...lines.map(line)].join('\n');
}

function round(number) {
  return Number(number.toPrecision(3));
}
