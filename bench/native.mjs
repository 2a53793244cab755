/** Measures native Python with wasmtime: audio against Chromium, taken in turns, and what a batch and an import cost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { withBarePage } from './chromium.mjs';
import { median } from './statistics.mjs';
import { wholeAudio } from './workloads.mjs';

const root = new URL('..', import.meta.url);

/** All rows of this host. */
export async function measureNative(progress) {
  const python = await startPython();
  try {
    progress('Python: audio under wasmtime, in turns with Chromium');
    const rows = [await audioRow(python)];
    progress('Python: batches and imports');
    rows.push(...(await batchRows(python)), await importRow(python));
    return rows.map((row) => ({ host: 'python', ...row }));
  } finally {
    python.close();
  }
}

async function startPython() {
  const program = fileURLToPath(new URL('native.py', import.meta.url));
  const child = spawn(fileURLToPath(new URL('.venv/bin/python', root)), [program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child, 'spawn');
  // A process that has ended is seen where its answer is missing.
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const measure = async (name) => {
    child.stdin.write(`${name}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`Python has ended while measuring ${name}`);
    return JSON.parse(value);
  };
  return { measure, close: () => child.stdin.end() };
}

async function audioRow(python) {
  return withBarePage(async (page) => {
    const [ours, browser] = [[], []];
    for (let turn = 0; turn < 5; turn++) {
      ours.push(await python.measure('audio'));
      browser.push(
        median(await page.evaluate(`(${wholeAudio})(window.bare.runner, window.bare.Audio, 60, 9)`)),
      );
    }
    const name = '60 s of audio, resample → VAD under wasmtime / in Chromium';
    return row(name, 'ms', median(ours), median(browser), 1.6);
  });
}

async function batchRows(python) {
  const kinds = await python.measure('batches');
  return Object.entries(kinds).map(([kind, pairs]) => {
    const [whole, bare] = [0, 1].map((at) => median(pairs.map((pair) => pair[at])));
    return row(`a batch of ${kind}, values to values / the bare wasmtime call`, 'µs', whole, bare, 2);
  });
}

async function importRow(python) {
  const pairs = await python.measure('imports');
  const [ours, json] = [0, 1].map((at) => median(pairs.map((pair) => pair[at])));
  return row('import remotemedia / (3 × import json + 20 ms)', 'ms', ours, 3 * json + 20, 1);
}

function row(name, unit, value, reference, bar) {
  return { name, unit, value, reference, ratio: value / reference, bar };
}
