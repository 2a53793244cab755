/** What is promised, as `{ name, value, unit, most | least, met }`; `value` and `met` are null where nothing was measured. */
import { resamplingTask } from './measure.mjs';

const high = 'AudioResampleNode high';
const pairs = ['48 → 16', '44.1 → 16', '22.05 → 16', '32 → 44.1', '96 → 48', '8 → 16'].map(
  (text) => `${text} kHz`,
);

/** All bars against the rows of a run. */
export function judge(rows) {
  const find = (task, who, host = 'Chromium') =>
    rows.find((row) => row.task === task && row.who === who && row.host === host && row.error === null);
  const most = (name, value, unit, limit) => bar(name, value, unit, { most: limit });
  const least = (name, value, unit, limit) => bar(name, value, unit, { least: limit });
  const [to16, odd] = [resamplingTask(48_000, 16_000), resamplingTask(44_100, 16_000)];
  const fasterThan = (task) =>
    quotient(find(task, 'libsamplerate-js medium')?.value, find(task, high)?.value);
  const bars = [
    most(`${to16}, high / soxr HQ natively`, find(to16, high)?.ratio, '', 2),
    most(`${odd}, high / soxr HQ natively`, find(odd, high)?.ratio, '', 4),
    least(`${to16}, high: times as fast as libsamplerate-js medium`, fasterThan(to16), '', 30),
    least(`${odd}, high: times as fast as libsamplerate-js medium`, fasterThan(odd), '', 30),
  ];
  for (const pair of pairs) {
    const figures = find(pair, high)?.quality;
    bars.push(
      least(`${pair}: SNR at 1 kHz`, figures?.snr1k, 'dB', 130),
      least(`${pair}: gain at 7.5 kHz`, figures?.gain7k5, 'dB', -0.6),
      most(`${pair}: alias at 8.2 kHz`, figures?.alias8k2, 'dB', -100),
      most(`${pair}: alias at 10 kHz`, figures?.alias10k, 'dB', -120),
    );
  }
  const difference = find(
    'log-mel: greatest difference from the formula in float64',
    'LogMelNode',
    'Node.js',
  );
  bars.push(
    most('log-mel / scipy float32 natively', find('log-mel of 60 s', 'LogMelNode')?.ratio, '', 1.6),
    most('log-mel: greatest difference from the formula', difference?.value, '', 1e-4),
    most('energy VAD / memcpy', find('energy VAD of 60 s', 'VADNode')?.ratio, '', 3),
  );
  for (const who of ['resample → VAD', 'WavDecode → resample → VAD']) {
    bars.push(most(`10 ms through ${who}`, find('10 ms at 48 kHz, per chunk', who)?.value, 'µs', 50));
  }
  const kernels = rows.filter(({ task, error }) => task.startsWith('kernel ') && error === null);
  const worst = kernels.reduce((most, row) => (row.ratio > (most?.ratio ?? 0) ? row : most), null);
  const name = worst ? `, worst of ${kernels.length}: ${worst.task.slice('kernel '.length)}` : '';
  bars.push(most(`kernel as wasm / natively${name}`, worst?.ratio, '', 1.5));
  bars.push(
    most('runtime.wasm, gzip', find('size of runtime.wasm, gzip', 'runtime.wasm', '')?.value, 'kB', 450),
  );
  return bars;
}

function quotient(dividend, divisor) {
  return dividend == null || divisor == null ? null : dividend / divisor;
}

function bar(name, value, unit, limit) {
  if (value == null) return { name, value: null, unit, ...limit, met: null };
  return {
    name,
    value,
    unit,
    ...limit,
    met: limit.most === undefined ? value >= limit.least : value <= limit.most,
  };
}
