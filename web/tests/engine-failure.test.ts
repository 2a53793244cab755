/** What the engine makes of nodes that fail: errors of close, stacks, traps, circuit breakers. */
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Manifest } from '../src/manifest.js';
import type { Circuits } from '../src/worker/protocol.js';
import { chain, Driver } from './engine-driver.js';
import { root } from './vectors.js';

const fails = (where: string) => `export default () => ({
  ${where}() { throw new RangeError('at ${where}'); },
  ${where === 'process' ? '' : 'process: (item) => item,'}
});`;

let log: string[] = [];
let driver: Driver;
beforeAll(() => {
  driver = new Driver();
  for (const where of ['init', 'process', 'flush', 'close'])
    driver.registerModule(`Bad_${where}`, fails(where));
  for (const name of ['A', 'B', 'C']) {
    driver.register(name, () => ({
      process: (item) => item,
      close: () => void log.push(name),
    }));
  }
  for (const name of ['X', 'Y']) {
    driver.register(`BadClose${name}`, () => ({
      process: (item) => item,
      close: () => {
        log.push(name);
        throw new Error(`${name} stays open`);
      },
    }));
  }
});
beforeEach(() => {
  log = [];
});
afterAll(() => driver.close());

const rust = { node_type: 'AddNode', params: { addend: 1 }, runtime_hint: 'rust' } as const;

describe('close', () => {
  test('an error fails a run that was good, and the other nodes are closed', async () => {
    const manifest = chain({ node_type: 'A' }, { node_type: 'BadCloseX' }, rust, { node_type: 'BadCloseY' });
    const { failed, sinks } = await driver.run(manifest, [1, 2], { batch: 1 });
    expect(failed?.error).toMatchObject({
      name: 'NodeError',
      node_id: 'n3',
      node_type: 'BadCloseY',
      item_index: null,
      message: expect.stringContaining('Y stays open'),
    });
    expect(log).toEqual(['Y', 'X', 'A']);
    expect(sinks.n3).toEqual([]);
  });

  test('an error after another is told with it', async () => {
    const manifest = chain({ node_type: 'BadCloseX' }, { node_type: 'Bad_process' });
    const { failed } = await driver.run(manifest, [1]);
    expect(failed?.error).toMatchObject({ node_id: 'n1', item_index: 0 });
    expect(failed?.error.message).toMatch(/at process\nThen node n0 could not be closed: .*X stays open/);
    expect(log).toEqual(['X']);
  });

  test.each([
    ['init', 1],
    ['process', 1],
    ['flush', 1],
  ])('of every node once, after an error in %s', async (where) => {
    const python = { node_type: 'TextProcessorNode' };
    const nodes = [{ node_type: 'A' }, rust, { node_type: 'B' }, python, { node_type: `Bad_${where}` }];
    const { failed } = await driver.run(chain(...nodes, { node_type: 'C' }), [1]);
    expect(failed?.error).toMatchObject({ node_id: 'n4', message: `RangeError: at ${where}` });
    expect(log).toEqual(where === 'init' ? ['B', 'A'] : ['C', 'B', 'A']);
  });
});

test.each(['init', 'process', 'flush', 'close'])("the stack of %s is the node's own", async (where) => {
  const { failed } = await driver.run(chain({ node_type: `Bad_${where}` }), [1]);
  const lines = failed?.error.traceback?.split('\n') ?? [];
  expect(lines[0]).toBe(`RangeError: at ${where}`);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain(where);
  expect(lines[1]).toContain('data:text/javascript');
});

test('the stack of an async node', async () => {
  driver.registerModule(
    'Later',
    `async function later() { await null; throw new Error('late'); }
     export default () => async () => { await later(); };`,
  );
  const { failed } = await driver.run(chain({ node_type: 'Later' }), [1]);
  const lines = failed?.error.traceback?.split('\n') ?? [];
  expect(lines.length).toBe(3);
  expect(lines[1]).toContain('later');
});

describe('the circuit breaker', () => {
  const skipping = { on_error: 'skip' } as const;

  test.each([
    ['js', { node_type: 'Bad_process' }, 'Bad_process', {}],
    ['rust', { node_type: 'MultiplyNode', runtime_hint: 'rust' }, 'MultiplyNode', { factor: 2 }],
    ['python', { node_type: 'MultiplyNode', runtime_hint: 'python' }, 'MultiplyNode', { factor: 2 }],
  ] as const)('opens after five calls, and stays open in the next run: %s', async (_, node, type, params) => {
    const manifest = chain({ ...node, ...skipping });
    const first = await driver.run(manifest, Array<string>(8).fill('x'));
    expect(first.summary?.skipped.errors.map(({ name }) => name)).toEqual([
      ...Array<string>(5).fill('NodeError'),
      ...Array<string>(3).fill('CircuitOpenError'),
    ]);
    expect(first.summary?.nodes[0]).toMatchObject({ execution_count: 5, error_count: 5 });
    const [[key, state] = ['', { failures: 0, wait_ms: 0 }]] = Object.entries(first.summary?.circuits ?? {});
    expect(JSON.parse(key)).toEqual(['n0', type, params]);
    expect(state.failures).toBe(5);
    expect(state.wait_ms).toBeGreaterThan(25_000);

    const open = await driver.run(chain(node), ['x'], { circuits: { [key]: state } });
    expect(open.failed?.error).toMatchObject({ name: 'CircuitOpenError', node_id: 'n0', item_index: 0 });
    expect(open.failed?.circuits[key]?.failures).toBe(5);

    const half = await driver.run(chain(node), ['x'], { circuits: { [key]: { failures: 5, wait_ms: 0 } } });
    expect(half.failed?.error.name).toBe('NodeError');
    expect(half.failed?.circuits[key]?.wait_ms).toBeGreaterThan(25_000);
  });

  test('a good call clears it, and that is told', async () => {
    const key = JSON.stringify(['n0', 'AddNode', { addend: 1 }]);
    const circuits: Circuits = { [key]: { failures: 5, wait_ms: 0 } };
    const { summary } = await driver.run(chain(rust), [1], { circuits });
    expect(summary?.circuits).toEqual({ [key]: { failures: 0, wait_ms: 0 } });
  });
});

describe('a Rust node that takes the runtime down', () => {
  let broken: Driver;
  beforeEach(() => {
    broken = new Driver({ wasm: pathToFileURL(`${root}dist/wasm/test-runtime.wasm`).href });
    broken.register('A', () => ({ process: (item) => item, close: () => void log.push('A') }));
  });
  afterEach(() => broken.close());

  const manifest: Manifest = chain(rust, { node_type: 'A' }, { node_type: 'PanicNode' });

  test('a panic names the node; the next run has a fresh runtime', async () => {
    const { failed } = await broken.run(chain({ node_type: 'A' }, { node_type: 'PanicNode' }), [
      'ok',
      'panic',
    ]);
    expect(failed?.error).toMatchObject({
      name: 'NodeError',
      code: 'panic',
      node_id: 'n1',
      node_type: 'PanicNode',
      item_index: 1,
    });
    expect(failed?.error.message).toContain('a node panics');
    expect(Object.values(failed?.circuits ?? {})).toEqual([{ failures: 1, wait_ms: 0 }]);
    expect(log).toEqual(['A']);
    const next = await broken.run(manifest, [1]);
    expect(next.sinks.n2).toEqual([2]);
  });

  test('more memory than there is', async () => {
    const { failed } = await broken.run(chain({ node_type: 'AllocateNode' }), [1, 4_100_000_000]);
    expect(failed?.error).toMatchObject({ name: 'NodeError', code: 'out_of_memory', node_id: 'n0' });
    expect((await broken.run(manifest, [1])).sinks.n2).toEqual([2]);
  });
});
