/** Pipelines through every place there is: Rust, Python, JavaScript in the worker and on the page. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Out } from '../src/js-node.js';
import type { Manifest, ManifestNode } from '../src/manifest.js';
import { Audio, Tensor, type Value } from '../src/values.js';
import { chain, Driver } from './engine-driver.js';
import { difference } from './vectors.js';

let driver: Driver;
beforeAll(() => {
  driver = new Driver();
  driver.registerModule('WorkerPass', 'export default () => async (item) => { await null; return item; }');
  driver.register('PagePass', () => async (item) => {
    await sleep(1);
    return item;
  });
  driver.register('PageSplit', () => (item) => new Out((item as number) % 2 ? 'odd' : 'even', item), {
    outputs: { even: { kinds: ['number'] }, odd: { kinds: ['number'] } },
  });
  driver.register(
    'PageSum',
    () => {
      let sum = 0;
      return {
        async process(item, port) {
          sum += item as number;
          return [port, item];
        },
        async *flush() {
          yield ['sum', sum];
        },
      };
    },
    { inputs: { a: { kinds: ['any'] }, b: { kinds: ['any'] } } },
  );
  const picky = (bad: number) => (item: Value) => {
    if (item === bad) throw new Error(`not ${bad}`);
    return item;
  };
  for (const bad of [3, 5, 7]) driver.register(`PageNot${bad}`, () => picky(bad));
  let calls = 0;
  driver.register('PageFlaky', () => async (item) => {
    if (++calls % 2 === 1) throw new Error('not yet');
    return item;
  });
});
afterAll(() => driver.close());

const rust = { node_type: 'PassThroughNode', runtime_hint: 'rust' } as const;
const python = { node_type: 'PassThroughNode', runtime_hint: 'python' } as const;
const worker = { node_type: 'WorkerPass' };
const page = { node_type: 'PagePass' };

describe('every value survives the way', () => {
  const values: Value[] = [
    null,
    -0,
    Number.NaN,
    2n ** 60n,
    '🦆',
    [],
    { a: { b: [1, 2.5] } },
    new Uint8Array([1, 2, 3]),
    new Tensor('f32', [2, 2], new Float32Array([1, 2, 3, 4])),
    new Tensor('i64', [], new BigInt64Array([-5n])),
    new Audio([new Float32Array([0.5, -0.5]), new Float32Array(2)], 48_000, 1.5),
  ];

  test.each([
    ['rust → page → python → worker', [rust, page, python, worker]],
    ['worker → python → page → rust', [worker, python, page, rust]],
    ['page → worker → rust → python', [page, worker, rust, python]],
    ['twice through all', [rust, page, python, worker, rust, worker, python, page]],
  ])('%s', async (_, nodes: Partial<ManifestNode>[]) => {
    for (const batch of [1, 4, 100]) {
      const manifest = chain(...(nodes as Parameters<typeof chain>));
      const { sinks, failed } = await driver.run(manifest, values, { batch });
      expect(failed).toBeNull();
      const [given = []] = Object.values(sinks);
      expect(given).toHaveLength(values.length);
      values.forEach((value, index) => {
        expect(difference(given[index] as Value, value)).toBeNull();
      });
    }
  });
});

/** A node on the page splits by ports, both branches change place, and meet by ports again. */
const diamond: Manifest = {
  version: 'v1',
  nodes: [
    { id: 'split', node_type: 'PageSplit' },
    { id: 'ten', node_type: 'MultiplyNode', params: { factor: 10 }, runtime_hint: 'rust' },
    { id: 'plus', node_type: 'AddNode', params: { addend: 1 }, runtime_hint: 'python' },
    { id: 'sum', node_type: 'PageSum' },
    { id: 'pairs', node_type: 'BatcherNode', params: { batch_size: 2 }, runtime_hint: 'rust' },
  ],
  connections: [
    { from: 'split.even', to: 'ten' },
    { from: 'split.odd', to: 'plus' },
    { from: 'ten', to: 'sum.a' },
    { from: 'plus', to: 'sum.b' },
    { from: 'sum', to: 'pairs' },
  ],
};

test.each([1, 2, 3, 100])('named ports, state and flush, in batches of %i', async (batch) => {
  const { sinks, failed } = await driver.run(diamond, [1, 2, 3, 4], { batch });
  expect(failed).toBeNull();
  expect(sinks.pairs).toEqual([
    [
      ['b', 2],
      ['a', 20],
    ],
    [
      ['b', 4],
      ['a', 40],
    ],
    [['sum', 66]],
  ]);
});

describe('the reported error is that of the smallest round and order', () => {
  const notSeven = { node_type: 'PageNot7' };
  const notFive = { node_type: 'PageNot5' };
  const notThree = { node_type: 'PageNot3' };
  const items = [0, 1, 2, 3, 4, 5, 6, 7];

  test.each([1, 2, 3, 4, 8])('in a chain, in batches of %i', async (batch) => {
    const manifest = chain(notSeven, rust, notFive, python, notThree, worker);
    const { failed, sinks } = await driver.run(manifest, items, { batch });
    expect(failed?.error).toMatchObject({ node_id: 'n4', item_index: 3, round: 3 });
    expect(sinks.n5).toEqual([0, 1, 2]);
  });

  test.each([1, 3, 8])('beside each other, in batches of %i', async (batch) => {
    const nodes = [
      { id: 'a', ...rust },
      { id: 'b', ...notFive },
      { id: 'c', ...notFive },
      { id: 'd', ...notSeven },
    ];
    const connections = ['b', 'c', 'd'].map((to) => ({ from: 'a', to }));
    const { failed, sinks } = await driver.run({ version: 'v1', nodes, connections }, items, { batch });
    expect(failed?.error).toMatchObject({ node_id: 'b', item_index: 5 });
    expect(Object.values(sinks)).toEqual(Array<number[]>(3).fill([0, 1, 2, 3, 4]));
  });
});

test('skips and retries on the page between Rust and Python', async () => {
  const retry = { max_retries: 1, base_delay_ms: 1, max_delay_ms: 1, multiplier: 1 };
  const manifest = chain(
    rust,
    { node_type: 'PageFlaky', retry },
    { node_type: 'PageNot3', on_error: 'skip' },
    python,
  );
  const { sinks, summary } = await driver.run(manifest, [1, 2, 3, 4], { batch: 3 });
  expect(sinks.n3).toEqual([1, 2, 4]);
  expect(summary?.skipped).toMatchObject({ count: 1, errors: [{ node_id: 'n2', item_index: 2 }] });
  expect(summary?.nodes.find(({ node_id }) => node_id === 'n1')).toMatchObject({
    execution_count: 8,
    success_count: 4,
  });
});

describe('measuring', () => {
  const manifest = chain(rust, page, python, worker);
  const items = [new Uint8Array(100_000), 1, 2];

  test('crossings between all places, with bytes', async () => {
    const { summary } = await driver.run(manifest, items, { metrics: true });
    const rows = summary?.crossings.map(({ from, to }) => `${from} ${to}`).sort();
    expect(rows).toEqual([
      'js:page python',
      'js:worker page',
      'page rust:runtime',
      'python js:worker',
      'rust:runtime js:page',
    ]);
    for (const { bytes, packets } of summary?.crossings ?? []) {
      expect(bytes).toBeGreaterThanOrEqual(100_000);
      expect(packets).toBe(1);
    }
  });

  test('spans of nodes stand in absolute time, one after the other', async () => {
    const before = 1000 * Date.now();
    const { summary } = await driver.run(manifest, items, { trace: true, metrics: true });
    const after = 1000 * Date.now();
    const nodes = summary?.spans.filter(({ category }) => category === 'node') ?? [];
    const firsts = ['n0', 'n1', 'n2', 'n3'].map((id) => nodes.find(({ name }) => name === id));
    expect(firsts.map((span) => span?.track)).toEqual(['rust:runtime', 'js:page', 'python', 'js:worker']);
    const starts = firsts.map((span) => span?.startUs ?? 0);
    expect([...starts].sort((a, b) => a - b)).toEqual(starts);
    // Clocks of threads and the system's agree to some milliseconds.
    expect(starts[0]).toBeGreaterThan(before - 20_000);
    expect(starts[3]).toBeLessThan(after + 20_000);
    const crossings = summary?.spans.filter(({ category }) => category === 'crossing') ?? [];
    expect(crossings.map(({ name }) => name)).toContain('js:worker → page');
    expect(crossings.filter(({ track }) => track === 'python').length).toBeGreaterThan(0);
  });

  test('loading is in the trace of the run that needed it', async () => {
    const fresh = new Driver();
    const { summary } = await fresh.run(chain(python), [1], { trace: true });
    const loads = summary?.spans.filter(({ category }) => category === 'load').map(({ name }) => name);
    expect(loads).toEqual(['wasm', 'pyodide', 'packages']);
    await fresh.close();
  });

  test('nothing of it unless asked for', async () => {
    const { summary } = await driver.run(manifest, items);
    expect(summary?.spans).toEqual([]);
    expect(summary?.crossings).toEqual([]);
  });
});
