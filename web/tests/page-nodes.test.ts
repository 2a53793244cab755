/** Nodes on the page: what becomes of them when their run ends early, and whose time theirs is not. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CancelledError, ClosedError, NodeError } from '../src/errors.js';
import { type JsNode, Out } from '../src/js-node.js';
import type { Manifest, ManifestNode } from '../src/manifest.js';
import type { PipelineRunner } from '../src/pipeline-runner.js';
import type { Value } from '../src/values.js';
import { createRunner } from './runners.js';

const items = [0, 1, 2, 3, 4, 5, 6, 7];

/** A chain of nodes of these types. */
function chain(...nodes: (Partial<ManifestNode> & { node_type: string })[]): Manifest {
  const full = nodes.map((node, index) => ({ id: `n${index}`, ...node }));
  const connections = full.slice(1).map(({ id }, index) => ({ from: `n${index}`, to: id }));
  return { version: 'v1', nodes: full, connections };
}

let runner: PipelineRunner;
let log: string[];
beforeEach(async () => {
  runner = await createRunner();
  log = [];
});
afterEach(() => runner.close());

/** Registers a node that notes its calls as they begin. */
function register(type: string, node: JsNode): void {
  runner.registerNode(type, () => ({
    async init(params) {
      log.push('init');
      await node.init?.(params);
    },
    process(item, port) {
      log.push('process');
      return node.process(item, port);
    },
    close() {
      log.push('close');
    },
  }));
}

/** Starts a run, and aborts it some milliseconds after the first entry of the log. */
async function abortAfter(ms: number, manifest: Manifest): Promise<void> {
  const control = new AbortController();
  const run = runner.execute(manifest, items, { signal: control.signal }).catch((error: unknown) => error);
  await expect.poll(() => log.length, { interval: 5, timeout: 60_000 }).toBeGreaterThan(0);
  await sleep(ms);
  control.abort();
  expect(await run).toBeInstanceOf(CancelledError);
}

async function slow(item: Value): Promise<Value> {
  await sleep(60);
  return item;
}

/** A graph in which every level doubles the items. */
function doubling(levels: number, node_type: string): Manifest {
  const nodes = [{ id: 'm0', node_type }];
  const connections = [];
  for (let level = 0; level < levels; level++) {
    const [from, to] = [`m${level}`, `m${level + 1}`];
    for (const id of [`l${level}`, `r${level}`]) {
      nodes.push({ id, node_type });
      connections.push({ from, to: id }, { from: id, to });
    }
    nodes.push({ id: to, node_type });
  }
  return { version: 'v1', nodes, connections };
}

test('nodes that make more and more items do not keep the thread', async () => {
  runner.registerNode('PageNode', () => (item) => item);
  const run = runner.execute(doubling(40, 'PageNode'), [1], { timeoutMs: 200 });
  await expect(run).rejects.toMatchObject({ name: 'NodeTimeoutError' });
});

describe('a run that ends early', () => {
  test('after an abort a node is closed, and called no more', async () => {
    register('SlowNode', { process: slow });
    await abortAfter(150, chain({ node_type: 'SlowNode' }));
    const count = log.length;
    await sleep(300);
    expect(log.slice(count)).toEqual([]);
    expect(log.indexOf('close')).toBe(log.length - 1);
    expect(log.length).toBeLessThan(items.length);
    const { outputs } = await runner.execute(chain({ node_type: 'SlowNode' }), [1]);
    expect(outputs).toEqual([1]);
  });

  test('nor after the runner was closed', async () => {
    register('SlowNode', { process: slow });
    const run = runner.execute(chain({ node_type: 'SlowNode' }), items).catch((error: unknown) => error);
    await expect.poll(() => log.length, { interval: 5, timeout: 60_000 }).toBeGreaterThan(1);
    await runner.close();
    expect(await run).toBeInstanceOf(ClosedError);
    await sleep(300);
    expect(log.indexOf('close')).toBe(log.length - 1);
  });

  test('retries end too', async () => {
    const retry = { max_retries: 1000, base_delay_ms: 20, max_delay_ms: 20, multiplier: 1 };
    register('FailingNode', {
      process() {
        throw new Error('always');
      },
    });
    await abortAfter(100, chain({ node_type: 'FailingNode', retry }));
    await sleep(200);
    expect(log.filter((entry) => entry === 'close')).toHaveLength(1);
    expect(log.at(-1)).toBe('close');
  });

  test('a generator goes no further', async () => {
    let yielded = 0;
    register('EndlessNode', {
      async *process() {
        for (;;) {
          await sleep(10);
          yield ++yielded;
        }
      },
    });
    await abortAfter(100, chain({ node_type: 'EndlessNode' }));
    await sleep(50);
    const before = yielded;
    await sleep(200);
    expect(yielded).toBe(before);
  });

  test('a node that is being made is closed when it has been, and the next is not made', async () => {
    register('LateNode', { init: () => sleep(400), process: (item) => item });
    await abortAfter(50, chain({ node_type: 'LateNode' }, { node_type: 'LateNode' }));
    expect(log).toEqual(['init']);
    await expect.poll(() => log, { timeout: 5000 }).toEqual(['init', 'close']);
    await sleep(500);
    expect(log).toEqual(['init', 'close']);
  });

  test('the last node to be made is closed too, while the next run goes on', async () => {
    register('LateNode', { init: () => sleep(400), process: (item) => item });
    runner.registerNode('QuickNode', () => (item) => item);
    await abortAfter(50, chain({ node_type: 'LateNode' }));
    expect((await runner.execute(chain({ node_type: 'QuickNode' }), [1])).outputs).toEqual([1]);
    await expect.poll(() => log, { timeout: 5000 }).toEqual(['init', 'close']);
  });
});

describe('ports', () => {
  const port = (item: Value) => new Out(item as string, item);

  test('without a catalog a node has only `out`', async () => {
    runner.registerNode('PortNode', () => port);
    const failure = await runner
      .execute(chain({ node_type: 'PortNode' }), ['out', 'nope'])
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NodeError);
    expect(failure).toMatchObject({ nodeId: 'n0', itemIndex: 1, partial: { outputs: ['out'] } });
    expect((failure as Error).message).toContain("there is no output port 'nope', only out");
  });

  test('with one, those that it declares', async () => {
    runner.registerNode('PortNode', () => port, { outputs: { big: { kinds: ['any'] } } });
    const manifest = chain({ node_type: 'PortNode' });
    expect((await runner.execute(manifest, ['big'])).outputs).toEqual(['big']);
    await expect(runner.execute(manifest, ['out'])).rejects.toThrow(
      "there is no output port 'out', only big",
    );
  });

  test('also in a module', async () => {
    const source = `export const catalog = { outputs: { big: { kinds: ['any'] } } };
      export default () => (item) => item;`;
    runner.registerNode('ModuleNode', `data:text/javascript,${encodeURIComponent(source)}`);
    const run = runner.execute(chain({ node_type: 'ModuleNode' }), [1]);
    await expect(run).rejects.toThrow("there is no output port 'out', only big");
  });
});

describe('time limits of a Rust node', () => {
  test('do not count the time of a node in another segment', async () => {
    runner.registerNode('SlowNode', () => async (item) => {
      await sleep(600);
      return item;
    });
    const manifest = chain({ node_type: 'PassThroughNode', timeout_ms: 200 }, { node_type: 'SlowNode' });
    expect((await runner.execute(manifest, [1])).outputs).toEqual([1]);
  });

  test('nor that between two tries', async () => {
    const retry = { max_retries: 3, base_delay_ms: 900, max_delay_ms: 900, multiplier: 1 };
    const manifest = chain({ node_type: 'MultiplyNode', timeout_ms: 100, retry });
    // With full jitter some wait is longer than 100 ms in all but one of a thousand runs.
    await expect(runner.execute(manifest, ['text'])).rejects.toMatchObject({
      name: 'NodeError',
      nodeId: 'n0',
    });
  });
});
