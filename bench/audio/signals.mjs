/**
 * Test signals, and what a resampler makes of tones. The same code judges every resampler, on every host: `convert` takes
 * samples at the source rate and gives samples, or a promise of them, at the target rate.
 */

/** Length of the tones in seconds; their middle half is looked at. */
const toneSeconds = 4;
const amplitude = 0.5;

/** White noise within ±0.5, the same in every run. */
export function noise(frames) {
  let state = 1;
  return Float32Array.from({ length: frames }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24 - 0.5;
  });
}

/** A sine of amplitude 0.5. */
export function tone(rate, hertz, seconds = toneSeconds) {
  const step = (2 * Math.PI * hertz) / rate;
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, n) => amplitude * Math.sin(step * n));
}

/**
 * SNR, pass-band gain and alias rejection in dB. At 16 kHz as the lower rate the tones have 1, 7.5, 8.2 and 10 kHz; at
 * other rates they are scaled with it. `snr1k`: the 1 kHz tone against everything else in the output. `gain7k5`: level
 * of the 7.5 kHz tone. `alias8k2` and `alias10k`: what comes out, against the input's level, of a tone there; upwards,
 * where no such tone can go in, what comes out there as the image of the tone that is mirrored at the Nyquist frequency.
 */
export async function quality(convert, source, target) {
  const scale = Math.min(source, target) / 16_000;
  const fitOf = async (hertz) => fit(middle(await convert(tone(source, hertz))), target, hertz);
  const leakOf = async (hertz) => {
    if (source < target) return (await fitOf(source - hertz)).rest;
    return rms(middle(await convert(tone(source, hertz))));
  };
  const wanted = await fitOf(1_000 * scale);
  const edge = await fitOf(7_500 * scale);
  const level = amplitude / Math.SQRT2;
  return {
    snr1k: decibels(wanted.amplitude / Math.SQRT2 / wanted.rest),
    gain7k5: decibels(edge.amplitude / amplitude),
    alias8k2: decibels((await leakOf(8_200 * scale)) / level),
    alias10k: decibels((await leakOf(10_000 * scale)) / level),
  };
}

/** Output level in dB against the input's for tones of these frequencies from 48 to 16 kHz, whatever they come out as. */
export async function response(convert, frequencies) {
  const levels = [];
  for (const hertz of frequencies) {
    levels.push(decibels(rms(middle(await convert(tone(48_000, hertz, 0.5)))) / (amplitude / Math.SQRT2)));
  }
  return levels;
}

/** Amplitude of a tone of known frequency, by least squares, and the RMS of everything else. */
function fit(samples, rate, hertz) {
  const step = (2 * Math.PI * hertz) / rate;
  let [ss, sc, cc, ys, yc] = [0, 0, 0, 0, 0];
  samples.forEach((y, n) => {
    const [s, c] = [Math.sin(step * n), Math.cos(step * n)];
    ss += s * s;
    sc += s * c;
    cc += c * c;
    ys += y * s;
    yc += y * c;
  });
  const determinant = ss * cc - sc * sc;
  const a = (ys * cc - yc * sc) / determinant;
  const b = (yc * ss - ys * sc) / determinant;
  let energy = 0;
  samples.forEach((y, n) => {
    energy += (y - a * Math.sin(step * n) - b * Math.cos(step * n)) ** 2;
  });
  return { amplitude: Math.hypot(a, b), rest: Math.sqrt(energy / samples.length) };
}

/** The middle half, which the ends' transients do not reach. */
function middle(samples) {
  return samples.subarray(samples.length >> 2, samples.length - (samples.length >> 2));
}

function rms(samples) {
  let energy = 0;
  for (const y of samples) energy += y * y;
  return Math.sqrt(energy / samples.length);
}

function decibels(ratio) {
  return 20 * Math.log10(Math.max(ratio, 1e-15));
}
