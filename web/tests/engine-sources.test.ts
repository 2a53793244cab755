/** Generating sources in every place, ticked by their page. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsNodeFactory } from '../src/js-node.js';
import type { Manifest } from '../src/manifest.js';
import { chain, Driver } from './engine-driver.js';

const range = { node_type: 'RangeGeneratorNode', params: { end: 5 } };
const countdown = 'function* (_item) { for (let k = 3; k > 0; k--) yield k; }';
const log: string[] = [];

let driver: Driver;
beforeAll(() => {
  driver = new Driver();
  driver.registerModule(
    'WorkerSource',
    `export const catalog = { inputs: {} }; export default () => ${countdown}`,
  );
  driver.registerModule(
    'AsyncWorkerSource',
    `export const catalog = { inputs: {} }; export default () => async ${countdown}`,
  );
  const source = (type: string, make: JsNodeFactory) => driver.register(type, make, { inputs: {} });
  source(
    'PageSource',
    () =>
      function* () {
        for (let k = 3; k > 0; k--) yield k;
      },
  );
  source('OnceSource', () => async () => 'once');
  source('NothingSource', () => () => undefined);
  source(
    'FailingSource',
    () =>
      function* () {
        yield 1;
        throw new Error('dry');
      },
  );
  source('EndlessSource', () => ({
    async *process() {
      try {
        for (let k = 0; ; k++) yield k;
      } finally {
        log.push('returned');
      }
    },
    close: () => void log.push('closed'),
  }));
});
afterAll(() => driver.close());

test.each([
  ['RangeGeneratorNode', { ...range, runtime_hint: 'rust' }, [0, 1, 2, 3, 4]],
  ['a range in Python', { ...range, runtime_hint: 'python' }, [0, 1, 2, 3, 4]],
  ['a generator in the worker', { node_type: 'WorkerSource' }, [3, 2, 1]],
  ['an async generator in the worker', { node_type: 'AsyncWorkerSource' }, [3, 2, 1]],
  ['a generator on the page', { node_type: 'PageSource' }, [3, 2, 1]],
  ['a plain return is one value', { node_type: 'OnceSource' }, ['once']],
  ['none at all', { node_type: 'NothingSource' }, []],
] as const)('%s', async (_, node, expected) => {
  for (const batch of [1, 2, 50]) {
    const { sinks, failed, ended } = await driver.run(chain(node), [], { batch });
    expect(failed).toBeNull();
    expect(sinks.n0).toEqual(expected);
    expect(ended.filter(Boolean)).toHaveLength(1);
  }
});

test('each value starts a round of its own', async () => {
  const manifest: Manifest = {
    version: 'v1',
    nodes: [
      { id: 'a', node_type: 'PageSource' },
      { id: 'b', node_type: 'WorkerSource' },
      { id: 'r', ...range },
      { id: 'zip', node_type: 'ZipNode', params: { ports: ['a', 'b', 'r'] } },
    ],
    connections: ['a', 'b', 'r'].map((id) => ({ from: id, to: `zip.${id}` })),
  };
  const { sinks, ended } = await driver.run(manifest);
  expect(sinks.zip).toEqual([
    { a: 3, b: 3, r: 0 },
    { a: 2, b: 2, r: 1 },
    { a: 1, b: 1, r: 2 },
  ]);
  // The longest of them decides.
  expect(ended.at(-1)).toBe(true);
});

test('without generating sources there is nothing to wait for', async () => {
  const { ended } = await driver.run(chain({ node_type: 'PassThroughNode' }), [1, 2], { batch: 1 });
  expect(ended).toEqual([true, true]);
});

describe('a failed tick', () => {
  test('ends the run', async () => {
    const { sinks, failed } = await driver.run(chain({ node_type: 'FailingSource' }));
    expect(sinks.n0).toEqual([1]);
    expect(failed?.error).toMatchObject({ node_id: 'n0', item_index: 1, round: 1 });
  });

  test('or only the source, and is not tried again', async () => {
    const retry = { max_retries: 3, base_delay_ms: 1, max_delay_ms: 1 };
    const node = { node_type: 'FailingSource', on_error: 'skip', retry } as const;
    const { sinks, summary, ended } = await driver.run(chain(node));
    expect(sinks.n0).toEqual([1]);
    expect(ended.at(-1)).toBe(true);
    expect(summary?.skipped.count).toBe(1);
    expect(summary?.nodes[0]).toMatchObject({ error_count: 1 });
  });
});

test('a generator that is not used up cleans up before its node is closed', async () => {
  const { sinks } = await driver.run(chain({ node_type: 'EndlessSource' }), [], { batch: 1, ticks: 4 });
  expect(sinks.n0).toEqual([0, 1, 2, 3]);
  expect(log).toEqual(['returned', 'closed']);
});
