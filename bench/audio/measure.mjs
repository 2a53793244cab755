/** Everything that is measured: rows of `{ task, unit, who, host, value, min, reference, ratio, quality, error }`. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { median } from '../statistics.mjs';
import { compete, reason } from './compete.mjs';
import { noise, quality, response } from './signals.mjs';

const pairs = [
  [48_000, 16_000],
  [44_100, 16_000],
  [22_050, 16_000],
  [32_000, 44_100],
  [96_000, 48_000],
  [8_000, 16_000],
];
const qualities = ['high', 'medium', 'low'];
const natives = ['soxr HQ', 'soxr MQ', 'scipy resample_poly'];
const inWorker = ['libsamplerate-js medium', 'speex-resampler-wasm q8', 'speex-resampler-wasm q10'];
const inPage = ['OfflineAudioContext', 'decodeAudioData of a WAV file'];
const rounds = 5;
const seconds = 60;

/** What the plot shows: 6 to 12 kHz. A tone at the Nyquist frequency itself would have zeros for samples. */
const frequencies = Array.from({ length: 60 }, (_, k) => 6_050 + 100 * k);

/** `hosts` is `{ chromium, node, python }`, each null where it could not be started. */
export async function measure(hosts, progress) {
  const rows = [];
  for (const [source, target] of pairs) {
    progress(`${source} → ${target} Hz`);
    rows.push(...(await resampling(hosts, source, target)));
  }
  progress('log-mel, VAD, live chunks, whole runs');
  rows.push(
    ...(await logMel(hosts)),
    ...(await vad(hosts)),
    ...(await chunks(hosts)),
    ...(await runner(hosts)),
  );
  progress('the same kernels natively');
  rows.push(...(await kernels()));
  rows.push({
    ...row('size of runtime.wasm, gzip', 'kB', 'runtime.wasm', ''),
    value: gzipSync(readFileSync('dist/remotemedia/runtime.wasm'), { level: 9 }).length / 1000,
  });
  progress('frequency responses');
  return { rows, response: { frequencies, curves: await responses(hosts) } };
}

function row(task, unit, who, host) {
  return {
    task,
    unit,
    who,
    host,
    value: null,
    min: null,
    reference: null,
    ratio: null,
    quality: null,
    error: null,
  };
}

/** Name of the task of resampling a minute. */
export function resamplingTask(source, target) {
  return `${source / 1000} → ${target / 1000} kHz`;
}

/** All that can resample: `times(source, target, n)`, `quality(source, target)`, `response()`. */
function resamplers({ chromium, node, python }) {
  const converter = (peer, source, target) => (samples) =>
    need(python, 'Python').transform('convert', samples, { peer, source, target });
  return [
    ...natives.map((peer) => ({
      who: peer,
      host: 'native',
      n: 5,
      times: (source, target, n) =>
        need(python, 'Python').call('resample_times', { peer, source, target, n }),
      quality: (source, target) => quality(converter(peer, source, target), source, target),
      response: () => response(converter(peer, 48_000, 16_000), frequencies),
    })),
    ...qualities.map((name) => ({
      who: `AudioResampleNode ${name}`,
      host: 'Chromium',
      n: 5,
      times: (...args) => chromium.call('resampleTimes', name, ...args),
      quality: (...args) => chromium.call('quality', name, ...args),
      response: () => chromium.call('response', name, frequencies),
    })),
    {
      who: 'AudioResampleNode high, filter ready',
      host: 'Chromium',
      n: 5,
      times: (...args) => chromium.call('primedTimes', 'high', ...args),
    },
    {
      who: 'AudioResampleNode high',
      host: 'Node.js',
      n: 5,
      times: async (source, target, n) =>
        node.resampleTimes('high', source, target, noise(source * seconds), n),
    },
    ...inWorker.map((name) => peer(chromium, 'peer', name, 1)),
    ...inPage.map((name) => peer(chromium, 'page', name, 2)),
  ];
}

function peer(chromium, kind, name, n) {
  return {
    who: name,
    host: 'Chromium',
    n,
    times: (...args) => chromium.call(`${kind}Times`, name, ...args),
    quality: (...args) => chromium.call(`${kind}Quality`, name, ...args),
    response: () => chromium.call(`${kind}Response`, name, frequencies),
  };
}

function need(host, name) {
  if (host === null) throw new Error(`${name} with what it needs is not installed`);
  return host;
}

async function resampling(hosts, source, target) {
  const all = resamplers(hosts);
  const contestants = all.map(({ times, ...rest }) => ({
    ...rest,
    times: async (n) => times(source, target, n),
  }));
  const results = await compete(contestants, { rounds, reference: 'soxr HQ' });
  const rows = [];
  for (const [k, result] of results.entries()) {
    const figures = result.error === null ? await all[k].quality?.(source, target) : null;
    const task = resamplingTask(source, target);
    rows.push({ ...row(task, 'ms', result.who, result.host), ...result, quality: figures ?? null });
  }
  return rows;
}

async function responses(hosts) {
  const curves = [];
  for (const { who, host, response: measured } of resamplers(hosts)) {
    if (!measured || host === 'Node.js') continue;
    try {
      curves.push({ who, host, levels: await measured() });
    } catch (error) {
      curves.push({ who, host, levels: null, error: reason(error) });
    }
  }
  return curves;
}

async function logMel({ chromium, node, python }) {
  const minute = noise(16_000 * seconds);
  const reference = 'scipy float32';
  const contestants = [
    {
      who: reference,
      host: 'native',
      n: 5,
      times: async (n) => need(python, 'Python').call('log_mel_times', { n }),
    },
    { who: 'LogMelNode', host: 'Chromium', n: 5, times: (n) => chromium.call('logMelTimes', n) },
    { who: 'LogMelNode', host: 'Node.js', n: 5, times: async (n) => node.logMelTimes(minute, n) },
    ...['pffft-wasm 512, mel in JavaScript', 'fft.js 512, mel in JavaScript'].map((who) => ({
      who,
      host: 'Chromium',
      n: 3,
      times: (n) => chromium.call('transformTimes', who, n),
    })),
  ];
  const results = await compete(contestants, { rounds, reference });
  const rows = results.map((result) => ({ ...row('log-mel of 60 s', 'ms'), ...result }));
  const error = row('log-mel: greatest difference from the formula in float64', '', 'LogMelNode', 'Node.js');
  try {
    const expected = await need(python, 'Python').transform('log_mel', minute, {});
    const actual = node.logMel(minute);
    if (actual.length !== expected.length) throw new Error(`${actual.length} values, not ${expected.length}`);
    rows.push({
      ...error,
      value: expected.reduce((most, y, k) => Math.max(most, Math.abs(y - actual[k])), 0),
    });
  } catch (failure) {
    rows.push({ ...error, error: reason(failure) });
  }
  return rows;
}

async function vad({ chromium, node }) {
  const minute = noise(16_000 * seconds);
  const rows = [];
  for (const [host, measured] of [
    ['Chromium', await chromium.call('vadPairs', 61)],
    ['Node.js', node.vadPairs(minute, 61)],
  ]) {
    for (const [who, key] of [
      ['VADNode', 'vadMs'],
      ['VADNode, and its output copied out', 'vadOutMs'],
    ]) {
      rows.push({
        ...row('energy VAD of 60 s', 'ms', who, host),
        value: median(measured.map((pair) => pair[key])),
        min: Math.min(...measured.map((pair) => pair[key])),
        reference: median(measured.map((pair) => pair.copyMs)),
        // Both stand beside each other in time, so the ratio of each pair is taken first.
        ratio: median(measured.map((pair) => pair[key] / pair.copyMs)),
      });
    }
    const copies = measured.map(({ copyMs }) => copyMs);
    rows.push({
      ...row('energy VAD of 60 s', 'ms', 'TypedArray.set of the same bytes', host),
      value: median(copies),
      min: Math.min(...copies),
    });
  }
  return rows;
}

async function chunks({ chromium, node }) {
  const minute = noise(48_000 * seconds);
  const task = '10 ms at 48 kHz, per chunk';
  const simple = (who, host, times) => ({
    ...row(task, 'µs', who, host),
    value: median(times),
    min: Math.min(...times),
  });
  const rows = [];
  for (const [decoded, who] of [
    [true, 'resample → VAD'],
    [false, 'WavDecode → resample → VAD'],
  ]) {
    rows.push(simple(who, 'Chromium', await chromium.call('chunkTimes', decoded, 15)));
    rows.push(simple(who, 'Node.js', node.chunkTimes(decoded, minute, 15)));
  }
  rows.push(
    simple(
      'resample → VAD, runner.stream from the page',
      'Chromium',
      await chromium.call('runnerChunkTimes', 7),
    ),
  );
  return rows;
}

async function runner({ chromium }) {
  const times = await chromium.call('runnerTimes', 15);
  const what = 'runner.execute, AudioResampleNode high';
  return [
    {
      ...row('60 s from 48 to 16 kHz, page to page', 'ms', what, 'Chromium'),
      value: median(times),
      min: Math.min(...times),
    },
  ];
}

/** The kernels as wasm in Node.js against the same source compiled natively; each of a few runs gives a ratio. */
async function kernels() {
  const program = fileURLToPath(new URL('../audio-kernels.mjs', import.meta.url));
  const runs = [];
  try {
    for (let k = 0; k < 3; k++) {
      const { stdout } = await promisify(execFile)(process.execPath, [program, '--times']);
      runs.push(JSON.parse(stdout));
    }
  } catch (error) {
    return [{ ...row('kernel', 'ms', 'wasm', 'Node.js'), error: reason(error) }];
  }
  const middle = (of) => median(runs.map(of));
  return Object.entries(runs[0].ratio).flatMap(([group, names]) =>
    Object.keys(names).map((name) => ({
      ...row(`kernel ${name}`, 'ms', 'wasm against the same natively', 'Node.js'),
      value: middle(({ wasm }) => wasm[group][name].min_ms),
      min: Math.min(...runs.map(({ wasm }) => wasm[group][name].min_ms)),
      reference: middle(({ native }) => native[group][name].min_ms),
      ratio: middle(({ ratio }) => ratio[group][name]),
    })),
  );
}
