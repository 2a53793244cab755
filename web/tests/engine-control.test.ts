/** Deadlines and cancels, as the page sees them: what the engine tells, and that its thread goes on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JsNode } from '../src/js-node.js';
import type { ToPage } from '../src/worker/protocol.js';
import { chain, Driver, type Outcome } from './engine-driver.js';
import { createRunner } from './runners.js';
import { root } from './vectors.js';

const never = 'new Promise(() => {})';
let log: string[] = [];
let driver: Driver;
beforeAll(() => {
  driver = new Driver();
  const worker = (type: string, node: string) =>
    driver.registerModule(type, `export default () => (${node})`);
  worker('WorkerPass', '{ process: (item) => item, flush: () => "end" }');
  worker('WorkerNever', `{ process: () => ${never} }`);
  worker('WorkerNeverMade', `{ init: () => ${never}, process: (item) => item }`);
  const noted = (wait: () => Promise<unknown>) => (): JsNode => ({
    async process(item) {
      await wait();
      return item;
    },
    close: () => void log.push('closed'),
  });
  driver.register(
    'PageNever',
    noted(() => new Promise(() => {})),
  );
  driver.register(
    'PageSlow',
    noted(() => sleep(40)),
  );
  driver.register('PageNeverMade', () => ({
    init: () => new Promise<void>(() => {}),
    process: (item) => item,
  }));
});
beforeEach(() => {
  log = [];
});
afterAll(() => driver.close());

const items = Array.from({ length: 300 }, (_, index) => index);
const isDeadline = ({ type }: ToPage) => type === 'enter' || type === 'left';

function deadlines({ messages }: Outcome) {
  return messages.filter(isDeadline);
}

describe('deadlines', () => {
  test.each([
    ['rust', { node_type: 'AddNode', params: { addend: 1 }, runtime_hint: 'rust' }, { addend: 1 }],
    ['python', { node_type: 'AddNode', params: { addend: 1 }, runtime_hint: 'python' }, { addend: 1 }],
    ['js', { node_type: 'WorkerPass' }, {}],
  ] as const)('are told once a batch: %s', async (runtime, node, params) => {
    const outcome = await driver.run(chain({ ...node, timeout_ms: 60_000 }), items);
    expect(outcome.failed).toBeNull();
    const enter = {
      type: 'enter',
      nodeId: 'n0',
      nodeType: node.node_type,
      runtime,
      timeoutMs: 60_000,
      circuit: JSON.stringify(['n0', node.node_type, params]),
    };
    const left = { type: 'left' };
    const flush = [{ ...enter, itemIndex: null }, left];
    expect(deadlines(outcome)).toMatchObject([
      { ...enter, round: 0, itemIndex: 0 },
      left,
      // Only this node has a flush.
      ...(runtime === 'js' ? flush : []),
    ]);
  });

  test.each(['rust', 'python'] as const)('end before a node without one: %s', async (runtime_hint) => {
    const add = { node_type: 'AddNode', params: { addend: 1 }, runtime_hint };
    const { messages } = await driver.run(chain({ ...add, timeout_ms: 60_000 }, add), [1]);
    const told = messages.filter((message) => isDeadline(message) || message.type === 'batch');
    expect(told.slice(0, 3).map(({ type }) => type)).toEqual(['enter', 'left', 'batch']);
  });

  test('nodes without them tell nothing', async () => {
    const nodes = [{ node_type: 'AddNode' }, { node_type: 'WorkerPass' }, { node_type: 'PageSlow' }];
    expect(deadlines(await driver.run(chain(...nodes), [1]))).toEqual([]);
  });

  test('a node on the page that never answers', async () => {
    const manifest = chain({ node_type: 'AddNode' }, { node_type: 'PageNever', timeout_ms: 50 });
    const { failed } = await driver.run(manifest, [7]);
    expect(failed?.error).toMatchObject({
      name: 'NodeTimeoutError',
      code: 'node_timeout',
      node_id: 'n1',
      node_type: 'PageNever',
      runtime: 'js',
      item_index: 0,
    });
    const [key = ''] = Object.keys(failed?.circuits ?? {});
    expect(failed?.circuits[key]).toEqual({ failures: 1, wait_ms: 0 });
    expect(log).toEqual(['closed']);
    expect((await driver.run(chain({ node_type: 'AddNode' }), [1])).sinks.n0).toEqual([1]);
  });

  test('a short deadline after a long one', async () => {
    const manifest = chain(
      { node_type: 'PageSlow', timeout_ms: 1e9 },
      { node_type: 'PageNever', timeout_ms: 50 },
    );
    const { failed } = await driver.run(manifest, [7]);
    expect(failed?.error).toMatchObject({ name: 'NodeTimeoutError', node_id: 'n1' });
  });

  test('the deadline is that of a call, not of all together', async () => {
    const manifest = chain({ node_type: 'PageSlow', timeout_ms: 250 });
    const { sinks, failed } = await driver.run(manifest, items.slice(0, 12));
    expect(failed).toBeNull();
    expect(sinks.n0).toEqual(items.slice(0, 12));
  });
});

describe('through a runner, an endless loop', () => {
  test.each([
    ['js', 'in the worker', 'endless.mjs'],
    ['js', 'that never settles in the worker', 'never.mjs'],
    ['rust', 'in Rust', 'SpinNode'],
  ])('%s: %s ends in NodeTimeoutError, and the runner goes on', async (runtime, _, node) => {
    const wasm = pathToFileURL(`${root}dist/wasm/test-runtime.wasm`).href;
    const runner = await createRunner({ assets: { wasm } });
    if (runtime === 'js') runner.registerNode('LoopNode', new URL(`nodes/${node}`, import.meta.url));
    const manifest = chain(
      { node_type: 'PassThroughNode' },
      { node_type: runtime === 'js' ? 'LoopNode' : node, timeout_ms: 100 },
    );
    await runner.execute(chain({ node_type: 'PassThroughNode' }), [1]);
    const failure = await runner.execute(manifest, ['spin']).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      name: 'NodeTimeoutError',
      code: 'node_timeout',
      nodeId: 'n1',
      runtime,
      itemIndex: 0,
    });
    expect((await runner.execute(chain({ node_type: 'PassThroughNode' }), [1])).outputs).toEqual([1]);
    await runner.close();
  });
});

describe('a cancel', () => {
  const retry = { max_retries: 1, base_delay_ms: 1e9, max_delay_ms: 1e9, multiplier: 1 };
  const python = { node_type: 'TextProcessorNode' };

  test.each([
    ['a node in the worker', [python, { node_type: 'WorkerNever' }]],
    ['a node on the page', [python, { node_type: 'PageNever' }]],
    ['a node that is being made in the worker', [python, { node_type: 'WorkerNeverMade' }]],
    ['a node that is being made on the page', [python, { node_type: 'PageNeverMade' }]],
    ['a retry in Rust', [python, { node_type: 'MultiplyNode', runtime_hint: 'rust', retry }]],
    ['a retry in Python', [{ node_type: 'MultiplyNode', runtime_hint: 'python', retry }]],
  ] as const)('ends waiting for %s, and the thread goes on', async (_, nodes) => {
    await driver.run(chain(python), ['warm']);
    const onMessage = ({ type }: ToPage) => type === 'planned' && setTimeout(() => driver.cancel(), 300);
    const { failed } = await driver.run(chain(...nodes), ['x'], { onMessage });
    expect(failed?.error).toMatchObject({ name: 'CancelledError', code: 'cancelled' });
    const { summary, sinks } = await driver.run(chain(python), ['again']);
    expect(sinks.n0).toHaveLength(1);
    // The same Python as before.
    expect(summary?.loads.pyodide_ms).toBeNull();
  });

  test('while Python is loading: the next run finds it loaded', async () => {
    const fresh = new Driver();
    const onMessage = ({ type }: ToPage) => type === 'planned' && fresh.cancel();
    const { failed } = await fresh.run(chain(python), ['x'], { onMessage });
    expect(failed?.error.name).toBe('CancelledError');
    expect((await fresh.run(chain({ node_type: 'AddNode' }), [1])).sinks.n0).toEqual([1]);
    expect((await fresh.run(chain(python), ['x'])).sinks.n0).toHaveLength(1);
    await fresh.close();
  });

  test('closes the nodes of the page once', async () => {
    const onMessage = ({ type }: ToPage) => type === 'planned' && setTimeout(() => driver.cancel(), 100);
    await driver.run(chain({ node_type: 'PageNever' }), [1], { onMessage });
    expect(log).toEqual(['closed']);
  });
});
