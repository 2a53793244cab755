/**
 * Other resamplers and transforms in a worker, from npm. Each is as its documentation says to use it: set up beforehand,
 * which is not timed, then one call for everything.
 */

/** Where bench/node_modules is served. */
const modules = '/peers/';

/** Name → `prepare(source, target)`, which resolves to a function from samples to samples. */
export const resamplers = {
  'libsamplerate-js medium': async (source, target) => {
    const { create, ConverterType } = await commonJs(
      '@alexanderolsen/libsamplerate-js/dist/libsamplerate.js',
    );
    const converter = await create(1, source, target, {
      converterType: ConverterType.SRC_SINC_MEDIUM_QUALITY,
    });
    return (samples) => converter.full(samples);
  },
  'speex-resampler-wasm q8': (source, target) => speex(source, target, 8),
  'speex-resampler-wasm q10': (source, target) => speex(source, target, 10),
};

/** Name → `prepare(samples)`, which resolves to a function that computes the log-mel spectrogram of 60 s. */
export const transforms = {
  'pffft-wasm 512, mel in JavaScript': async (samples) => {
    const module = await emscripten('@echogarden/pffft-wasm/dist/simd/pffft.js');
    const real = 0;
    const setup = module._pffft_new_setup(512, real);
    const [input, output, work] = [0, 0, 0].map(() => module._pffft_aligned_malloc(512 * 4) >> 2);
    return logMel(samples, (frame, power) => {
      const heap = module.HEAPF32;
      heap.set(frame, input);
      module._pffft_transform_ordered(setup, input << 2, output << 2, work << 2, 0);
      power[0] = heap[output] ** 2;
      power[256] = heap[output + 1] ** 2;
      for (let k = 1; k < 256; k++) power[k] = heap[output + 2 * k] ** 2 + heap[output + 2 * k + 1] ** 2;
    });
  },
  'fft.js 512, mel in JavaScript': async (samples) => {
    const Transform = await commonJs('fft.js/lib/fft.js');
    const transform = new Transform(512);
    const spectrum = transform.createComplexArray();
    return logMel(samples, (frame, power) => {
      transform.realTransform(spectrum, frame);
      for (let k = 0; k <= 256; k++) power[k] = spectrum[2 * k] ** 2 + spectrum[2 * k + 1] ** 2;
    });
  },
};

async function speex(source, target, quality) {
  const module = await emscripten('@echogarden/speex-resampler-wasm/wasm/speex-resampler-simd.js');
  const lengths = module._malloc(8);
  const state = module._speex_resampler_init(1, source, target, quality, 0);
  let [room, input, output] = [0, 0, 0];
  return (samples) => {
    const most = Math.ceil((samples.length * target) / source) + 64;
    if (samples.length > room) {
      room = samples.length;
      input = module._malloc(4 * room);
      output = module._malloc(4 * most);
    }
    module._speex_resampler_reset_mem(state);
    module._speex_resampler_skip_zeros(state);
    module.HEAPF32.set(samples, input >> 2);
    new Uint32Array(module.HEAPF32.buffer, lengths, 2).set([samples.length, most]);
    module._speex_resampler_process_float(state, 0, input, lengths, output, lengths + 4);
    const [, made] = new Uint32Array(module.HEAPF32.buffer, lengths, 2);
    return module.HEAPF32.slice(output >> 2, (output >> 2) + made);
  };
}

/** Frames of 400 samples, every 160, in a transform of 512, which these libraries need, and 80 mel bands. */
function logMel(samples, transform) {
  const [length, hop, bands, bins] = [400, 160, 80, 257];
  const window = Float32Array.from({ length }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / length));
  const bank = melBank(bands, bins, 16_000);
  const frame = new Float32Array(512);
  const power = new Float32Array(bins);
  const frames = Math.floor((samples.length - length) / hop) + 1;
  const result = new Float32Array(bands * frames);
  return () => {
    for (let k = 0; k < frames; k++) {
      for (let n = 0; n < length; n++) frame[n] = samples[k * hop + n] * window[n];
      transform(frame, power);
      for (let band = 0; band < bands; band++) {
        const { first, weights } = bank[band];
        let sum = 0;
        for (let n = 0; n < weights.length; n++) sum += power[first + n] * weights[n];
        result[band * frames + k] = Math.log10(Math.max(sum, 1e-10));
      }
    }
    let loudest = -10;
    for (const value of result) if (value > loudest) loudest = value;
    for (let n = 0; n < result.length; n++) result[n] = (Math.max(result[n], loudest - 8) + 4) / 4;
    return result;
  };
}

/** Triangles of area 1 on Slaney's mel scale, without their zeros. */
function melBank(bands, bins, rate) {
  const melOf = (hertz) =>
    hertz < 1000 ? hertz / (200 / 3) : 15 + Math.log(hertz / 1000) / (Math.log(6.4) / 27);
  const hertzOf = (mel) => (mel < 15 ? mel * (200 / 3) : 1000 * Math.exp((mel - 15) * (Math.log(6.4) / 27)));
  const corner = (k) => hertzOf((k * melOf(rate / 2)) / (bands + 1));
  return Array.from({ length: bands }, (_, band) => {
    const [low, centre, high] = [corner(band), corner(band + 1), corner(band + 2)];
    const weights = Array.from({ length: bins }, (_, bin) => {
      const hertz = (bin * rate) / 2 / (bins - 1);
      const height = Math.min((hertz - low) / (centre - low), (high - hertz) / (high - centre));
      return (Math.max(0, height) * 2) / (high - low);
    });
    const first = Math.max(
      0,
      weights.findIndex((weight) => weight > 0),
    );
    return { first, weights: Float32Array.from(weights.filter((weight) => weight > 0)) };
  });
}

async function emscripten(path) {
  const { default: factory } = await import(modules + path);
  return factory();
}

/** What a CommonJS file exports. Its own folder has no say in how it is loaded, so it need not be bundled. */
async function commonJs(path) {
  const answer = await fetch(modules + path);
  if (!answer.ok) throw new Error(`${path}: HTTP status ${answer.status}`);
  const module = { exports: {} };
  new Function('module', 'exports', await answer.text())(module, module.exports);
  return module.exports;
}
