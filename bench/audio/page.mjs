/** The page in Chromium: it forwards to the worker, and has what only pages have. Sets `window.audioBench`. */
import { wavFile } from './ours.ts';
import { noise, quality, response } from './signals.mjs';

const seconds = 60;
const worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
const pending = new Map();
let count = 0;

worker.onmessage = ({ data: [id, error, value] }) => {
  const { resolve, reject } = pending.get(id);
  pending.delete(id);
  if (error === null) resolve(value);
  else reject(new Error(error));
};
worker.onerror = ({ message }) => {
  for (const { reject } of pending.values()) reject(new Error(`worker: ${message}`));
  pending.clear();
};

/** Resamplers of the browser: name → from samples to a function, timed, that resolves to samples. */
const browser = {
  OfflineAudioContext: (samples, source, target) => {
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: source });
    buffer.copyToChannel(samples, 0);
    return async () => {
      const length = Math.ceil((samples.length * target) / source);
      const context = new OfflineAudioContext(1, length, target);
      const node = new AudioBufferSourceNode(context, { buffer });
      node.connect(context.destination);
      node.start();
      return (await context.startRendering()).getChannelData(0);
    };
  },
  'decodeAudioData of a WAV file': (samples, source, target) => {
    const file = wavFile(samples, source, true);
    const context = new OfflineAudioContext(1, 1, target);
    return async () => (await context.decodeAudioData(file)).getChannelData(0);
  },
};

const methods = {
  pageTimes: async (name, source, target, n) => {
    const samples = noise(source * seconds);
    const times = [];
    for (let k = 0; k < n; k++) {
      const convert = browser[name](samples, source, target);
      const begun = performance.now();
      await convert();
      times.push(performance.now() - begun);
    }
    return times;
  },
  pageQuality: (name, source, target) => quality((x) => browser[name](x, source, target)(), source, target),
  pageResponse: (name, frequencies) => response((x) => browser[name](x, 48_000, 16_000)(), frequencies),
  /** Milliseconds of `execute` with 60 s at 48 kHz through the resampler, from the page and back to it. */
  runnerTimes: async (n) => {
    const { runner, Audio } = window.bare;
    const input = new Audio([noise(48_000 * seconds)], 48_000);
    const times = [];
    for (let k = -2; k < n; k++) {
      const begun = performance.now();
      const { outputs } = await runner.execute(manifest(['AudioResampleNode', {}]), [input]);
      if (k >= 0) times.push(performance.now() - begun);
      const frames = outputs.reduce((sum, audio) => sum + audio.frames, 0);
      if (frames !== 16_000 * seconds) throw new Error(`${frames} frames`);
    }
    return times;
  },
  /** Microseconds per chunk of 10 ms through `stream`, one chunk after the other as fast as they are taken. */
  runnerChunkTimes: async (n) => {
    const { runner, Audio } = window.bare;
    const samples = noise(48_000 * 10);
    const chunks = 1000;
    const nodes = manifest(['AudioResampleNode', {}], ['VADNode', {}]);
    async function* microphone() {
      for (let k = 0; k < chunks; k++) {
        yield new Audio([samples.slice(480 * k, 480 * (k + 1))], 48_000, k / 100);
      }
    }
    const times = [];
    for (let k = -2; k < n; k++) {
      const begun = performance.now();
      for await (const _ of runner.stream(nodes, microphone()));
      if (k >= 0) times.push(((performance.now() - begun) * 1000) / chunks);
    }
    return times;
  },
};

function manifest(...types) {
  const nodes = types.map(([node_type, params], k) => ({ id: `n${k}`, node_type, params }));
  const connections = nodes.slice(1).map(({ id }, k) => ({ from: `n${k}`, to: id }));
  return { version: 'v1', nodes, connections };
}

window.audioBench = (method, ...args) => {
  if (method in methods) return methods[method](...args);
  const id = count++;
  return new Promise((resolve, reject) => {
    pending.set(id, { resolve, reject });
    worker.postMessage([id, method, ...args]);
  });
};
