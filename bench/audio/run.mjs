/**
 * Measures the audio nodes beside others that do the same, in one run, and prints one table, then what is promised and
 * whether it holds. The exit code does not depend on it: a busy machine is no failure.
 *   usage: node bench/audio/run.mjs [--json FILE] [--docs]
 * `--docs` brings the tables of docs/performance-audio.md and its plot up to date.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import { judge } from './bars.mjs';
import { startChromium } from './chromium.mjs';
import { reason } from './compete.mjs';
import { writeDocs } from './docs.mjs';
import { measure } from './measure.mjs';
import { startPython } from './python.mjs';

const { values } = parseArgs({
  options: { json: { type: 'string' }, docs: { type: 'boolean', default: false } },
});
const file = values.json && resolve(values.json);
process.chdir(fileURLToPath(new URL('../..', import.meta.url)));

const progress = (what) => console.error(`bench: ${what}`);
const built = resolve('.cache/bench/audio');

async function bundle() {
  const build = await rolldown({
    input: {
      page: 'bench/audio/page.mjs',
      worker: 'bench/audio/worker.mjs',
      ours: 'bench/audio/ours.ts',
    },
    platform: 'browser',
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  });
  await build.write({ dir: built, format: 'esm' });
  await build.close();
}

mkdirSync(built, { recursive: true });
await bundle();
const { loadOurs } = await import(pathToFileURL(`${built}/ours.js`).href);
const node = await loadOurs(pathToFileURL(resolve('dist/remotemedia/runtime.wasm')).href);
const python = await startPython(resolve('.cache/bench-venv'), built).catch((error) => {
  progress(`no Python: ${reason(error)}`);
  return null;
});
const chromium = await startChromium(built);
const { rows, response } = await measure({ chromium, node, python }, progress);
const machine = {
  cpu: cpus()[0].model,
  cores: cpus().length,
  chromium: chromium.name,
  node: process.versions.node,
  ...python?.versions,
};
await chromium.close();
python?.close();

const bars = judge(rows);
const report = { machine, rows, bars, response };
console.table(
  rows.map(({ task, who, host, unit, value, reference, ratio, quality, error }) => ({
    task,
    who,
    host,
    value: error ?? `${round(value)} ${unit}`,
    reference: reference === null ? '' : round(reference),
    ratio: ratio === null ? '' : round(ratio),
    'SNR 1k': quality ? Math.round(quality.snr1k) : '',
    'gain 7.5k': quality ? Number(quality.gain7k5.toFixed(2)) : '',
    'alias 8.2k': quality ? Math.round(quality.alias8k2) : '',
    'alias 10k': quality ? Math.round(quality.alias10k) : '',
  })),
);
console.table(
  bars.map(({ name, value, unit, most, least, met }) => ({
    name,
    value: value === null ? '' : `${round(value)} ${unit}`,
    bar: most === undefined ? `≥ ${least}` : `≤ ${most}`,
    met: met ?? 'not measured',
  })),
);
if (file) writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
if (values.docs) writeDocs(report);

function round(number) {
  return Number(number.toPrecision(3));
}
