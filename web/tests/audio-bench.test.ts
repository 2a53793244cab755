/** The audio bench judges right: by resamplers whose faults are known, and contestants whose times are. */
import { describe, expect, test } from 'vitest';
import { judge } from '../../bench/audio/bars.mjs';
import { compete } from '../../bench/audio/compete.mjs';
import { quality, tone } from '../../bench/audio/signals.mjs';

/** 48 → 16 kHz without any filter. */
const decimated = (samples: Float32Array) => samples.filter((_, n) => n % 3 === 0);

describe('quality', () => {
  test('without a filter everything passes', async () => {
    const { snr1k, gain7k5, alias8k2, alias10k } = await quality(decimated, 48_000, 16_000);
    // What is left beside the tone is the rounding to float32.
    expect(snr1k).toBeGreaterThan(145);
    for (const level of [gain7k5, alias8k2, alias10k]) expect(level).toBeCloseTo(0, 2);
  });

  test('half the level is −6.02 dB', async () => {
    const halved = (samples: Float32Array) => decimated(samples).map((y) => y / 2);
    const { gain7k5, alias10k } = await quality(halved, 48_000, 16_000);
    expect(gain7k5).toBeCloseTo(-6.02, 2);
    expect(alias10k).toBeCloseTo(-6.02, 2);
  });

  test('another tone of a thousandth makes an SNR of 60 dB', async () => {
    const other = tone(16_000, 5_000);
    const impure = (samples: Float32Array) => decimated(samples).map((y, n) => y + (other[n] ?? 0) / 1000);
    expect((await quality(impure, 48_000, 16_000)).snr1k).toBeCloseTo(60, 1);
  });

  test('upwards the images of zero stuffing are as loud as the tone', async () => {
    const stuffed = (samples: Float32Array) =>
      Float32Array.from({ length: 2 * samples.length }, (_, n) =>
        n % 2 === 0 ? (samples[n / 2] ?? 0) * 2 : 0,
      );
    const { snr1k, gain7k5, alias8k2 } = await quality(stuffed, 8_000, 16_000);
    for (const level of [snr1k, gain7k5, alias8k2]) expect(level).toBeCloseTo(0, 2);
  });
});

test('ratios are taken within each round, and who fails is left out', async () => {
  // The machine is ten times slower in the second round.
  const turns = (ms: number) => {
    let round = 0;
    return async () => [ms * (round++ === 1 ? 10 : 1)];
  };
  const [fast, slow, broken] = await compete(
    [
      { who: 'fast', host: '', n: 1, times: turns(2) },
      { who: 'slow', host: '', n: 1, times: turns(6) },
      { who: 'broken', host: '', n: 1, times: () => Promise.reject(new Error('not installed\nat …')) },
    ],
    { rounds: 3, reference: 'fast' },
  );
  expect(fast).toMatchObject({ value: 2, min: 2, ratio: 1, error: null });
  expect(slow).toMatchObject({ value: 6, reference: 2, ratio: 3, error: null });
  expect(broken).toMatchObject({ value: null, ratio: null, error: 'not installed' });
});

test('a bar is met, missed, or unknown where nothing was measured', () => {
  const row = { host: 'Chromium', unit: 'ms', value: 1, min: 1, reference: 1, quality: null, error: null };
  const find = (rows: object[]) =>
    judge(rows).find(({ name }) => name === '48 → 16 kHz, high / soxr HQ natively');
  const measured = { ...row, task: '48 → 16 kHz', who: 'AudioResampleNode high' };
  expect(find([{ ...measured, ratio: 2 }])).toMatchObject({ value: 2, met: true });
  expect(find([{ ...measured, ratio: 2.1 }])).toMatchObject({ value: 2.1, met: false });
  expect(find([])).toMatchObject({ value: null, met: null });
});
