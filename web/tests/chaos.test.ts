/** Engines killed at random points of runs, in Node.js. */
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chaos } from '../../tests/chaos/chaos.mjs';
import { createRunner } from './runners.js';
import { root } from './vectors.js';

type WorkerClass = new (...options: ConstructorParameters<typeof Worker>) => Worker;

const threads = process.getBuiltinModule('node:worker_threads') as { Worker: WorkerClass };
const original = threads.Worker;
const workers: Worker[] = [];
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeAll(() => {
  threads.Worker = class extends original {
    constructor(...options: ConstructorParameters<typeof Worker>) {
      super(...options);
      workers.push(this);
    }
  };
  process.on('unhandledRejection', note);
});
afterAll(() => {
  threads.Worker = original;
  process.off('unhandledRejection', note);
});

const long = process.env.REMOTEMEDIA_LONG !== undefined;

test.each([
  { python: false, kills: long ? 500 : 60, seed: 1 },
  { python: true, kills: long ? 60 : 3, seed: 2 },
])('$kills kills, Python: $python', { timeout: 3_600_000 }, async ({ python, kills, seed }) => {
  let last = '';
  const host = {
    create: () => createRunner({ onOutput() {} }),
    workers,
    dyingNode: pathToFileURL(`${root}tests/chaos/dying-node.mjs`).href,
  };
  const progress = (text: string) => {
    last = text;
  };
  const report = chaos(host, { seed, kills, python, progress });
  // If a call never settles, this tells which.
  const watch = setInterval(() => console.log(`under way: ${last}`), 120_000);
  const { wrong, endings } = await report.finally(() => clearInterval(watch));
  expect(wrong.join('\n')).toBe('');
  expect(unhandled).toEqual([]);
  expect(Object.values(endings).reduce((sum, count) => sum + count)).toBe(kills);
});
