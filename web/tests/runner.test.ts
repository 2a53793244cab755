/** The runner in Node.js, with the real Rust runtime and a real worker. */
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { zip } from '../../tests/hostile/zip.js';
import { CancelledError, ClosedError, ManifestError, NodeError, RuntimeLoadError } from '../src/errors.js';
import { Out } from '../src/js-node.js';
import type { Manifest, ManifestNode } from '../src/manifest.js';
import type { ProgressEvent } from '../src/metrics.js';
import { PackageLoader } from '../src/package-loader.js';
import { PipelineRunner } from '../src/pipeline-runner.js';
import { Audio, Tensor, type Value } from '../src/values.js';
import { calculator, chain } from './chains.js';
import { createRunner } from './runners.js';
import { difference, root } from './vectors.js';

const python = (params: ManifestNode['params'] = {}): Partial<ManifestNode> => ({
  node_type: 'TextProcessorNode',
  params,
});
/** A Python node that is busy for longer than anybody waits. */
const endless = chain({
  node_type: 'ExpanderNode',
  runtime_hint: 'python',
  params: { expansion_factor: 1e7 },
});
const module = (name: string) => pathToFileURL(`${root}web/tests/nodes/${name}`);

let runner: PipelineRunner;
beforeAll(async () => {
  runner = await createRunner({ onOutput() {} });
});
afterAll(() => runner.close());

async function outputsOf(manifest: Manifest | string, input: Value, target = runner): Promise<Value[]> {
  return (await target.execute(manifest, input)).outputs;
}

describe('input that cannot be run', () => {
  test('a manifest that is no JSON is a ManifestError, at once and for every call', async () => {
    await expect(runner.execute('not json', [1])).rejects.toBeInstanceOf(ManifestError);
    await expect(runner.preload('not json')).rejects.toBeInstanceOf(ManifestError);
    await expect(runner.execute(null as unknown as string)).rejects.toBeInstanceOf(ManifestError);
    expect(await outputsOf(calculator, [5])).toEqual([20]);
  });

  test('a value that cannot travel names source, item and path', async () => {
    const error = await runner.execute(calculator, [1, { a: '\ud800' }]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NodeError);
    expect(error).toMatchObject({ code: 'unrepresentable_value', nodeId: 'n0', itemIndex: 1, path: '$.a' });
    expect(await outputsOf(calculator, [5])).toEqual([20]);
  });
});

describe('what the caller does wrong', () => {
  test('an earlier item that fails wins over a later one that cannot travel', async () => {
    const items: Value[] = Array.from({ length: 600 }, (_, index) => index);
    items[599] = '\ud800';
    const unsent = await runner.execute(calculator, items).catch((thrown: unknown) => thrown);
    expect(unsent).toMatchObject({ code: 'unrepresentable_value', itemIndex: 599 });
    expect((unsent as NodeError).partial?.outputs.length).toBe(599);
    items[5] = 'text';
    const failed = await runner.execute(calculator, items).catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ code: 'node_error', nodeId: 'n0', itemIndex: 5 });
    expect((failed as NodeError).partial?.outputs.length).toBe(5);
  });

  test('a callback that throws ends the run, not the process', async () => {
    const thrown = new Error('mine');
    for (const phase of ['load-wasm', 'run']) {
      const fresh = await createRunner();
      const onProgress = (event: ProgressEvent) => {
        if (event.phase === phase) throw thrown;
      };
      await expect(fresh.execute(calculator, [1], { onProgress })).rejects.toMatchObject({ cause: thrown });
      expect(await outputsOf(calculator, [5], fresh)).toEqual([20]);
      await fresh.close();
    }
  });

  test('a catalog that cannot be sent is an error, and the next call goes on', async () => {
    const fresh = await createRunner();
    fresh.registerNode('OddNode', () => (item) => item, { summary: (() => '') as unknown as string });
    await expect(fresh.execute(calculator, [1])).rejects.toThrow(/clone/);
    fresh.registerNode('OddNode', () => (item) => item);
    expect(await outputsOf(calculator, [5], fresh)).toEqual([20]);
    await fresh.close();
  });

  test('a limit that is longer than timers can wait is none', async () => {
    for (const timeoutMs of [Number.POSITIVE_INFINITY, 2 ** 31]) {
      expect((await runner.execute(calculator, [5], { timeoutMs })).outputs).toEqual([20]);
    }
  });
});

describe('inputs and results', () => {
  test('transfers chunks of one recording, and the same value several times', async () => {
    const recording = Float32Array.from({ length: 6000 }, (_, frame) => frame);
    const chunks = Array.from(
      { length: 600 },
      (_, k) => new Audio([recording.subarray(10 * k, 10 * k + 10)], 8000, null),
    );
    const pass = chain({});
    const { outputs } = await runner.execute(pass, chunks, { transfer: true });
    const first = (item: Value | undefined) => (item as Audio).channels[0]?.[0];
    expect(outputs.map(first)).toEqual(chunks.map((_, k) => 10 * k));
    const same = new Tensor('u8', [3], Uint8Array.of(1, 2, 3));
    const again = await runner.execute(
      pass,
      Array.from({ length: 600 }, () => same),
      { transfer: true },
    );
    expect(again.outputs.every((item) => `${(item as Tensor).data}` === '1,2,3')).toBe(true);
    expect(same.data.length).toBe(0);
  });

  test('the documented example', async () => {
    const { outputs, sinks, result, metrics, skipped, warnings } = await runner.execute(
      calculator,
      [5, 7, 3],
    );
    expect(outputs).toEqual([20, 24, 16]);
    expect(sinks).toEqual({ n1: outputs });
    expect(result).toMatchObject({
      status: 'success',
      outputs,
      graph_info: { execution_order: ['n0', 'n1'] },
    });
    expect({ metrics, skipped, warnings }).toEqual({
      metrics: null,
      skipped: { count: 0, errors: [] },
      warnings: [],
    });
  });

  test('a manifest as text, one item, no item', async () => {
    expect(await outputsOf(JSON.stringify(calculator), 5)).toEqual([20]);
    expect(await outputsOf(calculator, [])).toEqual([]);
    expect((await runner.execute(calculator)).outputs).toEqual([]);
  });

  test('a loaded bundle', async () => {
    const bundle = zip([{ name: 'manifest.json', content: JSON.stringify(calculator) }]);
    const { outputs } = await runner.execute(await PackageLoader.loadFromFile(bundle), [0, -5, 100]);
    expect(outputs).toEqual([10, 0, 210]);
  });

  test('several sinks, every source gets every item', async () => {
    const nodes = ['a', 'b'].map((id, index) => ({ id, node_type: 'AddNode', params: { addend: index } }));
    const { outputs, sinks } = await runner.execute({ version: 'v1', nodes }, [1, 2]);
    expect(sinks).toEqual({ a: [1, 2], b: [2, 3] });
    expect(outputs).toEqual([]);
  });

  test('many items, in order', async () => {
    const items = Array.from({ length: 10_000 }, (_, index) => index);
    expect(await outputsOf(calculator, items)).toEqual(items.map((item) => 2 * item + 10));
  });

  test('large arrays in several batches', async () => {
    const items = Array.from(
      { length: 12 },
      (_, k) => new Tensor('f32', [2 ** 18], new Float32Array(2 ** 18).fill(k)),
    );
    const outputs = (await outputsOf(chain({}, {}), items)) as Tensor[];
    expect(outputs.map(({ data }) => data[12_345])).toEqual(items.map((_, k) => k));
  });

  test('inputs are copied, or moved if asked', async () => {
    const audio = new Audio([new Float32Array([1, 2])], 8000, 0);
    const tensor = new Tensor('f64', [3], new Float64Array([1, 2, 3]));
    const { outputs } = await runner.execute(chain({}), [{ audio, tensor }]);
    expect(difference(outputs, [{ audio, tensor }])).toBeNull();
    expect(tensor.data.length).toBe(3);
    const expected = new Tensor('f64', [3], tensor.data.slice());
    const moved = await runner.execute(chain({}), [{ tensor }], { transfer: true });
    expect(difference(moved.outputs, [{ tensor: expected }])).toBeNull();
    expect(tensor.data.length).toBe(0);
  });

  test('arrays reach Python nodes that do not ask for numpy themselves', async () => {
    const own = await createRunner();
    const tensor = new Tensor('u16', [2, 2], new Uint16Array([1, 2, 3, 4]));
    const manifest = chain(
      {},
      { node_type: 'ExpanderNode', runtime_hint: 'python', params: { expansion_factor: 2 } },
    );
    expect(await outputsOf(manifest, ['text'], own)).toEqual(['text', 'text']);
    expect(difference(await outputsOf(manifest, [{ tensor }], own), [{ tensor }, { tensor }])).toBeNull();
    await own.close();
  });

  test('an input that cannot travel', async () => {
    const failure = await runner.execute(calculator, [1, { a: '\ud800' }]).catch((error) => error);
    expect(failure).toBeInstanceOf(NodeError);
    expect(failure).toMatchObject({ code: 'unrepresentable_value', path: '$.a', itemIndex: 1 });
    expect(await outputsOf(calculator, 5)).toEqual([20]);
  });

  test('state lives for a run, and no longer', async () => {
    const counter = chain({ node_type: 'CounterNode' });
    for (let run = 0; run < 2; run++) {
      const counts = await outputsOf(
        counter,
        Array.from({ length: 300 }, () => 'x'),
      );
      expect(counts.at(-1)).toEqual({ count: 300, input: 'x' });
    }
  });
});

describe('failures', () => {
  test('a wrong manifest says everything that is wrong', async () => {
    const wrong = {
      version: 'v1',
      nodes: [
        { id: 'a', node_type: 'MultiplyNod' },
        { id: 'a', node_type: 'AddNode' },
      ],
    };
    const failure = await runner.execute(wrong as Manifest, 1).catch((error) => error);
    expect(failure).toBeInstanceOf(ManifestError);
    expect(failure.issues.map(({ code }: { code: string }) => code).sort()).toEqual([
      'duplicate_id',
      'unknown_type',
    ]);
  });

  test('a node that fails: what came before is there', async () => {
    const failure = await runner.execute(calculator, [1, 2, 'three', 4]).catch((error) => error);
    expect(failure).toBeInstanceOf(NodeError);
    expect(failure).toMatchObject({ nodeId: 'n0', nodeType: 'MultiplyNode', runtime: 'rust', itemIndex: 2 });
    expect(failure.partial.outputs).toEqual([12, 14]);
    expect(await outputsOf(calculator, 5)).toEqual([20]);
  });

  test('the first of many batches that fails ends the run', async () => {
    const items: Value[] = Array.from({ length: 5000 }, (_, index) => index);
    items[700] = null;
    const failure = await runner.execute(calculator, items).catch((error) => error);
    expect(failure.itemIndex).toBe(700);
    expect(failure.partial.outputs.length).toBe(700);
  });

  test('assets that are not there', async () => {
    const lost = await createRunner({ assets: { wasm: pathToFileURL('/nowhere/runtime.wasm') } });
    await expect(lost.execute(calculator, 1)).rejects.toBeInstanceOf(RuntimeLoadError);
    await expect(lost.execute(calculator, 1)).rejects.toThrow(/nowhere/);
    await lost.close();
  });

  test('a worker that cannot start', async () => {
    const lost = await createRunner({ assets: { worker: pathToFileURL('/nowhere/engine.worker.js') } });
    await expect(lost.execute(calculator, 1)).rejects.toBeInstanceOf(RuntimeLoadError);
    await lost.close();
  });
});

describe('order, abort, close', () => {
  test('calls run one after the other', async () => {
    const runs = [1, 2, 3].map((item) => outputsOf(calculator, item));
    expect(await Promise.all(runs)).toEqual([[12], [14], [16]]);
  });

  test('an aborted call does not start, and others go on', async () => {
    const control = new AbortController();
    const first = outputsOf(calculator, 1);
    const second = runner.execute(calculator, 2, { signal: control.signal });
    const third = outputsOf(calculator, 3);
    control.abort();
    await expect(second).rejects.toBeInstanceOf(CancelledError);
    expect(await Promise.all([first, third])).toEqual([[12], [16]]);
    await expect(runner.execute(calculator, 2, { signal: control.signal })).rejects.toBeInstanceOf(
      CancelledError,
    );
  });

  test('an endless Python node is stopped, and queued calls go on', async () => {
    await runner.preload(endless);
    const control = new AbortController();
    const stuck = runner.execute(endless, [1], { signal: control.signal });
    const next = outputsOf(calculator, 5);
    setTimeout(() => control.abort(), 300);
    await expect(stuck).rejects.toBeInstanceOf(CancelledError);
    expect(await next).toEqual([20]);
  });

  test('an endless JavaScript node in the worker is stopped by time', async () => {
    const own = await createRunner();
    own.registerNode('EndlessNode', module('endless.mjs'));
    const stuck = own.execute(chain({ node_type: 'EndlessNode' }), [1], { timeoutMs: 300 });
    await expect(stuck).rejects.toMatchObject({ name: 'NodeTimeoutError' });
    expect(await outputsOf(calculator, 5, own)).toEqual([20]);
    await own.close();
  });

  test('a node call that takes too long ends the run', async () => {
    const params = { target_sample_rate: 47_999 };
    const slow = chain({ node_type: 'AudioResampleNode', runtime_hint: 'rust', params, timeout_ms: 10 });
    const minutes = new Audio([new Float32Array(120 * 44_100)], 44_100, 0);
    const failure = await runner.execute(slow, [minutes]).catch((error) => error);
    expect(failure).toMatchObject({ name: 'NodeTimeoutError', nodeId: 'n0', runtime: 'rust', itemIndex: 0 });
    const quick = chain({ timeout_ms: 20 }, {});
    expect(await outputsOf(quick, [1, 2])).toEqual([1, 2]);
  });

  test('a worker that dies takes only its own run along', async () => {
    const own = await createRunner();
    own.registerNode('DyingNode', module('dying.mjs'));
    const dying = own.execute(chain({ node_type: 'DyingNode' }), [1]);
    const next = outputsOf(calculator, 5, own);
    await expect(dying).rejects.toMatchObject({ name: 'RuntimeLoadError', code: 'worker_died' });
    expect(await next).toEqual([20]);
    await own.close();
  });

  test('close settles everything', async () => {
    const own = await createRunner({ onOutput() {} });
    const calls = [own.execute(endless, [1]), own.execute(calculator, 5), own.preload(calculator)];
    const settled = Promise.allSettled(calls);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await own.close();
    for (const { status, ...rest } of await settled) {
      expect(status).toBe('rejected');
      expect(rest).toMatchObject({ reason: expect.any(ClosedError) });
    }
    await expect(own.execute(calculator, 5)).rejects.toBeInstanceOf(ClosedError);
    await own.close();
  });
});

describe('JavaScript nodes', () => {
  test('functions on the page, modules in the worker, between Rust and Python', async () => {
    const own = await createRunner();
    const threads: unknown[] = [];
    own.registerNode('PageNode', () => (item) => {
      threads.push('page');
      return (item as number) + 1;
    });
    own.registerNode('WorkerNode', module('tenfold.mjs'));
    const manifest = chain(
      { node_type: 'MultiplyNode' },
      { node_type: 'PageNode' },
      { node_type: 'WorkerNode' },
      python(),
    );
    const outputs = await outputsOf(manifest, [1, 2, 3], own);
    expect(outputs.map((item) => (item as { original_text: string }).original_text)).toEqual([
      '30',
      '50',
      '70',
    ]);
    expect(threads).toEqual(['page', 'page', 'page']);
    await own.close();
  });

  test('params, state, flush, ports and failures', async () => {
    const own = await createRunner();
    const closed: string[] = [];
    own.registerNode(
      'SumNode',
      ({ start }) => {
        let sum = start as number;
        return {
          process: (item) => {
            if (typeof item !== 'number') throw new TypeError('not a number');
            sum += item;
            return new Out('partial', sum);
          },
          flush: () => sum,
          close: () => void closed.push('sum'),
        };
      },
      {
        params: {
          type: 'object',
          additionalProperties: false,
          properties: { start: { type: 'number', default: 100 } },
        },
        outputs: { out: { kinds: ['number'] }, partial: { kinds: ['number'] } },
      },
    );
    const manifest: Manifest = {
      version: 'v1',
      nodes: [
        { id: 'sum', node_type: 'SumNode' },
        { id: 'total', node_type: 'PassThroughNode' },
        { id: 'partial', node_type: 'PassThroughNode' },
      ],
      connections: [
        { from: 'sum', to: 'total' },
        { from: 'sum.partial', to: 'partial' },
      ],
    };
    const { sinks } = await own.execute(manifest, [1, 2]);
    expect(sinks).toEqual({ total: [103], partial: [101, 103] });
    expect(closed).toEqual(['sum']);
    const failure = await own.execute(manifest, [1, 'x']).catch((error) => error);
    expect(failure).toMatchObject({ name: 'NodeError', nodeId: 'sum', runtime: 'js', itemIndex: 1 });
    expect(failure.message).toContain('not a number');
    expect(closed).toEqual(['sum', 'sum']);
    const wrong = chain({ node_type: 'SumNode', params: { begin: 1 } });
    await expect(own.execute(wrong, 1)).rejects.toBeInstanceOf(ManifestError);
    await own.close();
  });

  test('a module that cannot be imported', async () => {
    const own = await createRunner();
    own.registerNode('LostNode', module('nowhere.mjs'));
    await expect(own.execute(calculator, 1)).rejects.toBeInstanceOf(RuntimeLoadError);
    await own.close();
  });
});

describe('what a run tells', () => {
  test('progress', async () => {
    const own = await createRunner();
    const events: ProgressEvent[] = [];
    const items = Array.from({ length: 600 }, (_, index) => index);
    await own.execute(calculator, items, { onProgress: (event) => events.push(event) });
    const runs = events.filter(({ phase }) => phase === 'run');
    // One after each batch, one at the end.
    expect(runs.map(({ loaded, total }) => [loaded, total])).toEqual(
      [256, 512, 600, 600].map((n) => [n, 600]),
    );
    expect(runs.at(-1)).toMatchObject({ itemsIn: 600, itemsOut: 600 });
    expect(runs.at(-1)?.bytesIn).toBeGreaterThan(600 * 8);
    expect(runs.at(-1)?.bytesOut).toBeGreaterThan(600 * 8);
    await own.close();
  });

  test('metrics', async () => {
    const items = Array.from({ length: 2000 }, (_, index) => index);
    const manifest = chain({ node_type: 'MultiplyNode' }, python());
    const { metrics } = await runner.execute(manifest, items, { enableMetrics: true });
    const nodes = metrics?.node_metrics ?? [];
    expect(nodes.map(({ node_id, runtime, execution_count }) => [node_id, runtime, execution_count])).toEqual(
      [
        ['n0', 'rust', 2000],
        ['n1', 'python', 2000],
      ],
    );
    expect(
      nodes.every(({ total_duration_us, success_rate }) => total_duration_us > 0 && success_rate === 1),
    ).toBe(true);
    const crossings = metrics?.crossing_metrics ?? [];
    expect(crossings.map(({ from, to, packets }) => [from, to, packets])).toEqual([
      ['page', 'rust:runtime', 8],
      ['rust:runtime', 'python', 8],
      ['python', 'page', 8],
    ]);
    expect(crossings.every(({ bytes }) => bytes > 2000)).toBe(true);
    expect(metrics?.peak_memory_bytes).toBeGreaterThan(2 ** 20);
    const totals = nodes.reduce((sum, node) => sum + node.total_duration_us, 0);
    expect(metrics?.total_duration_us).toBeGreaterThan(totals);
  });

  test("the earlier system's calls", async () => {
    const own = await createRunner();
    await own.loadWasm(new ArrayBuffer(0));
    await own.loadPyodideRuntime();
    const { result } = await own.execute(calculator, [5, 7, 3]);
    expect(result.outputs).toEqual([20, 24, 16]);
    await own.close();
    expect(new PipelineRunner()).toBeInstanceOf(PipelineRunner);
  });
});
