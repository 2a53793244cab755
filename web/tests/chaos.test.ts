/** Engines killed at random points of runs, in Node.js. */
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chaos } from '../../tests/chaos/chaos.mjs';
import type { Value } from '../src/values.js';
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

const host = {
  create: () => createRunner({ onOutput() {} }),
  workers,
  dyingNode: pathToFileURL(`${root}tests/chaos/dying-node.mjs`).href,
};

/** Loses an item of one sink and doubles one of the other. */
function cheat<T extends { sinks: Record<string, Value[]> }>(result: T): T {
  const { all, doubled } = result.sinks;
  all?.splice(3, 1);
  doubled?.splice(3, 0, ...doubled.slice(3, 4));
  return result;
}

test('a runner that loses or doubles an item is found out', async () => {
  const cheating = {
    ...host,
    async create() {
      const runner = await host.create();
      const execute = runner.execute.bind(runner);
      runner.execute = (...call) =>
        execute(...call).then(
          (result) => cheat(result),
          (error) =>
            Promise.reject({ ...error, name: error.name, partial: error.partial && cheat(error.partial) }),
        );
      return runner;
    },
  };
  const { wrong } = await chaos(cheating, { seed: 5, kills: 20, python: false });
  expect(wrong.filter((line) => line.includes(': item 3 is 4')).length).toBeGreaterThan(0);
  expect(wrong.filter((line) => line.includes('doubled item 4 is 1')).length).toBeGreaterThan(0);
  expect(wrong.filter((line) => line.includes('the next run gave else')).length).toBe(20);
});

test.each([
  { python: false, kills: long ? 500 : 60, seed: 1 },
  { python: true, kills: long ? 60 : 3, seed: 2 },
])('$kills kills, Python: $python', { timeout: 3_600_000 }, async ({ python, kills, seed }) => {
  let last = '';
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
