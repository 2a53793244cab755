/** The worker in Chromium: our nodes, and the peers that run in workers. It answers `[id, method, ...args]`. */
import { loadOurs } from './ours.ts';
import { resamplers, transforms } from './peers.mjs';
import { noise, quality, response } from './signals.mjs';

const seconds = 60;
const signals = new Map();
const prepared = new Map();
let ours;

const methods = {
  load: async (wasmUrl) => {
    ours = await loadOurs(wasmUrl);
  },
  resampleTimes: (name, source, target, n) => ours.resampleTimes(name, source, target, minute(source), n),
  primedTimes: (name, source, target, n) => ours.primedTimes(name, source, target, minute(source), n),
  quality: (name, source, target) => quality((x) => ours.convert(name, source, target, x), source, target),
  response: (name, frequencies) => response((x) => ours.convert(name, 48_000, 16_000, x), frequencies),
  logMelTimes: (n) => ours.logMelTimes(minute(16_000), n),
  vadPairs: (n) => ours.vadPairs(minute(16_000), n),
  chunkTimes: (decoded, n) => ours.chunkTimes(decoded, minute(48_000), n),
  peerTimes: async (name, source, target, n) => {
    const convert = await peer(name, source, target);
    return timed(n, () => convert(minute(source)));
  },
  peerQuality: async (name, source, target) => quality(await peer(name, source, target), source, target),
  peerResponse: async (name, frequencies) => response(await peer(name, 48_000, 16_000), frequencies),
  transformTimes: async (name, n) => {
    const key = `transform ${name}`;
    if (!prepared.has(key)) prepared.set(key, await transforms[name](minute(16_000)));
    return timed(n, prepared.get(key));
  },
};

/** Set up once, as a page would. */
async function peer(name, source, target) {
  const key = `${name} ${source} ${target}`;
  if (!prepared.has(key)) prepared.set(key, await resamplers[name](source, target));
  return prepared.get(key);
}

function minute(rate) {
  if (!signals.has(rate)) signals.set(rate, noise(rate * seconds));
  return signals.get(rate);
}

function timed(n, once) {
  return Array.from({ length: n }, () => {
    const begun = performance.now();
    once();
    return performance.now() - begun;
  });
}

self.addEventListener('message', async ({ data: [id, method, ...args] }) => {
  try {
    postMessage([id, null, await methods[method](...args)]);
  } catch (error) {
    postMessage([id, String(error?.message ?? error)]);
  }
});
