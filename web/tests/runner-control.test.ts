/** How runs are stopped, and what the runner remembers of failures: in Node.js, with real workers. */
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { CancelledError, CircuitOpenError, ClosedError, NodeError, NodeTimeoutError } from '../src/errors.js';
import type { Manifest } from '../src/manifest.js';
import type { ProgressEvent } from '../src/metrics.js';
import type { PipelineRunner } from '../src/pipeline-runner.js';
import type { RunnerOptions } from '../src/runner-options.js';
import { calculator, chain } from './chains.js';
import { createRunner } from './runners.js';
import { root } from './vectors.js';

const python = chain({ runtime_hint: 'python' });
/** A Python node that is busy for longer than anybody waits. */
const busyPython = chain({
  node_type: 'ExpanderNode',
  runtime_hint: 'python',
  params: { expansion_factor: 1e7 },
});
const endless = (id = 'n1'): Manifest => chain({}, { id, node_type: 'EndlessNode', timeout_ms: 40 });

const runners: PipelineRunner[] = [];
afterEach(() => Promise.all(runners.splice(0).map((runner) => runner.close())));

async function open(options: RunnerOptions = {}): Promise<PipelineRunner> {
  const runner = await createRunner({ onOutput() {}, ...options });
  runner.registerNode('EndlessNode', pathToFileURL(`${root}web/tests/nodes/endless.mjs`));
  runners.push(runner);
  return runner;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('stop', () => {
  test('Python in an endless loop is interrupted where memory is shared, and stays loaded', async () => {
    const runner = await open();
    await runner.preload(python);
    for (const options of [{ signal: AbortSignal.timeout(300) }, { timeoutMs: 300 }]) {
      await expect(runner.execute(busyPython, [1], options)).rejects.toMatchObject({
        name: 'signal' in options ? 'CancelledError' : 'NodeTimeoutError',
      });
      const { outputs, metrics } = await runner.execute(python, [5], { enableMetrics: true });
      expect(outputs).toEqual([5]);
      expect(metrics?.load_metrics.pyodide_ms).toBeNull();
    }
  });

  test('JavaScript in an endless loop is ended with its worker, and the calls that wait go on', async () => {
    const runner = await open();
    const control = new AbortController();
    const stuck = runner.execute(chain({ node_type: 'EndlessNode' }), [1], { signal: control.signal });
    const next = [runner.execute(calculator, [5]), runner.execute(calculator, [7])];
    setTimeout(() => control.abort(), 200);
    await expect(stuck).rejects.toBeInstanceOf(CancelledError);
    expect((await Promise.all(next)).map(({ outputs }) => outputs)).toEqual([[20], [24]]);
  });

  test('a stream with an endless node is left', async () => {
    const runner = await open();
    const stream = runner.stream(chain({ node_type: 'EndlessNode' }), [1]);
    const pending = stream.next();
    await sleep(200);
    await stream.return();
    expect((await pending).done).toBe(true);
    expect((await runner.execute(calculator, [5])).outputs).toEqual([20]);
  });

  test('a call that takes too long names node and item', async () => {
    const runner = await open();
    const failure = await runner.execute(endless(), [1]).catch((error) => error);
    expect(failure).toBeInstanceOf(NodeTimeoutError);
    expect(failure).toMatchObject({ nodeId: 'n1', nodeType: 'EndlessNode', runtime: 'js', itemIndex: 0 });
    const slowPython = chain({
      node_type: 'ExpanderNode',
      runtime_hint: 'python',
      params: { expansion_factor: 1e7 },
      timeout_ms: 100,
    });
    const late = await runner.execute(slowPython, [1]).catch((error) => error);
    expect(late).toMatchObject({ name: 'NodeTimeoutError', nodeId: 'n0', runtime: 'python', itemIndex: 0 });
    expect((await runner.execute(calculator, [5])).outputs).toEqual([20]);
  });

  test('limits that are kept end nothing', async () => {
    const runner = await open();
    // All calls together take longer than that; none does, also on a busy machine.
    const quick = chain({ timeout_ms: 300 }, { runtime_hint: 'python', timeout_ms: 300 }, {});
    const items = Array.from({ length: 60_000 }, (_, k) => k);
    expect((await runner.execute(quick, items)).outputs).toEqual(items);
  });
});

describe('circuit breaker', () => {
  const failing = (factor: number) => chain({ node_type: 'MultiplyNode', params: { factor } });

  test('opens over several runs, for this node with these params', async () => {
    const runner = await open();
    for (let run = 0; run < 5; run++) {
      await expect(runner.execute(failing(2), ['text'])).rejects.toBeInstanceOf(NodeError);
    }
    const open5 = await runner.execute(failing(2), [1]).catch((error) => error);
    expect(open5).toBeInstanceOf(CircuitOpenError);
    expect(open5).toMatchObject({ nodeId: 'n0', itemIndex: 0 });
    expect((await runner.execute(failing(3), [1])).outputs).toEqual([3]);
    expect((await runner.execute(chain({}), [5])).outputs).toEqual([5]);
    await expect(runner.execute(failing(2), [1])).rejects.toBeInstanceOf(CircuitOpenError);
    expect((await (await open()).execute(failing(2), [1])).outputs).toEqual([2]);
  });

  test('a good call closes the count', async () => {
    const runner = await open();
    for (let round = 0; round < 3; round++) {
      for (let run = 0; run < 4; run++) {
        await expect(runner.execute(failing(2), ['text'])).rejects.toBeInstanceOf(NodeError);
      }
      expect((await runner.execute(failing(2), [1])).outputs).toEqual([2]);
    }
  });

  test('counts calls that took too long, whose worker is gone', async () => {
    const runner = await open();
    for (let run = 0; run < 5; run++) {
      await expect(runner.execute(endless('one'), [1])).rejects.toBeInstanceOf(NodeTimeoutError);
    }
    await expect(runner.execute(endless('one'), [1])).rejects.toBeInstanceOf(CircuitOpenError);
    await expect(runner.execute(endless('other'), [1])).rejects.toBeInstanceOf(NodeTimeoutError);
  });
});

describe('the engine', () => {
  test('is replaced by recycle when the calls before have ended', async () => {
    const runner = await open();
    const loads = async () => {
      const { metrics } = await runner.execute(calculator, [5], { enableMetrics: true });
      return metrics?.load_metrics.wasm_ms;
    };
    expect(await loads()).toBeGreaterThan(0);
    expect(await loads()).toBeNull();
    const before = runner.execute(calculator, [5]);
    const recycled = runner.recycle();
    expect((await before).outputs).toEqual([20]);
    await recycled;
    expect(await loads()).toBeGreaterThan(0);
    await runner.close();
    await expect(runner.recycle()).rejects.toBeInstanceOf(ClosedError);
  });

  test('preload tells its progress', async () => {
    const runner = await open();
    const events: ProgressEvent[] = [];
    await runner.preload(python, { onProgress: (event) => events.push(event) });
    const phases = events.map(({ phase }) => phase);
    expect(phases).toEqual(expect.arrayContaining(['load-wasm', 'load-pyodide']));
    for (const { loaded, total } of events) expect(loaded).toBeLessThanOrEqual(total ?? loaded);
  });

  test('that ends by itself fails what was under way, and only that', async () => {
    const runner = await open();
    runner.registerNode('DyingNode', pathToFileURL(`${root}web/tests/nodes/dying.mjs`));
    const stream = runner.stream(chain({}, { node_type: 'DyingNode' }), [1, 2, 3]);
    const next = runner.execute(calculator, [5]);
    await expect(stream.next()).rejects.toMatchObject({ name: 'RuntimeLoadError', code: 'worker_died' });
    await expect(stream.result).rejects.toMatchObject({ code: 'worker_died' });
    expect((await next).outputs).toEqual([20]);
  });
});

test('a trace has a track per place, with spans in it', async () => {
  const runner = await open();
  const manifest = chain({ node_type: 'MultiplyNode' }, { runtime_hint: 'python' });
  const items = Array.from({ length: 600 }, (_, k) => k);
  const { trace } = await runner.execute(manifest, items, { trace: true });
  const events = JSON.parse(JSON.stringify(trace?.traceEvents)) as NonNullable<typeof trace>['traceEvents'];
  const names = new Map(
    events.filter(({ name }) => name === 'thread_name').map(({ tid, args }) => [tid, args?.name]),
  );
  expect([...names.values()]).toEqual(expect.arrayContaining(['page', 'rust:runtime', 'python']));
  const spans = events.filter(({ ph }) => ph === 'X');
  const on = (track: string) => spans.filter(({ tid }) => names.get(tid) === track).map(({ name }) => name);
  expect(on('page').filter((name) => name === 'encode').length).toBe(3);
  expect(on('rust:runtime').filter((name) => name.includes('n0')).length).toBeGreaterThanOrEqual(3);
  expect(on('python').filter((name) => name.includes('n1')).length).toBeGreaterThanOrEqual(3);
  const begun = Math.min(...spans.map(({ ts }) => ts ?? Number.NaN));
  expect(begun).toBe(0);
  expect(spans.every(({ dur }) => dur !== undefined && dur >= 0)).toBe(true);
  const seconds = Math.max(...spans.map(({ ts = 0, dur = 0 }) => ts + dur)) / 1e6;
  expect(seconds).toBeLessThan(60);
  expect((await runner.execute(calculator, [5])).trace).toBeNull();
});
