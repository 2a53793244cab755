/** How calls end that are ended at awkward moments: in Node.js, with real workers. */
import { afterEach, expect, test } from 'vitest';
import { ClosedError, type RemoteMediaError } from '../src/errors.js';
import type { PipelineRunner } from '../src/pipeline-runner.js';
import type { Value } from '../src/values.js';
import { calculator, chain } from './chains.js';
import { createRunner } from './runners.js';

const runners: PipelineRunner[] = [];
afterEach(() => Promise.all(runners.splice(0).map((runner) => runner.close())));

async function open(): Promise<PipelineRunner> {
  const runner = await createRunner();
  runner.registerNode('NeverClosedNode', () => ({ process: (item) => item, close: never }));
  runners.push(runner);
  return runner;
}

const never = (_?: unknown) => new Promise<never>(() => {});
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const thrown = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (error: RemoteMediaError) => error,
  );

test('a stream that was about to begin when the runner was closed does not begin', async () => {
  const runner = await open();
  const next = runner.stream(calculator, [1, 2, 3]).next();
  // Its turn has come, and it waits for a part of the library.
  for (let turn = 0; turn < 3; turn++) await Promise.resolve();
  await Promise.all([expect(next).rejects.toBeInstanceOf(ClosedError), runner.close()]);
});

test('calls that end together have errors of their own', async () => {
  const runner = await open();
  let reached: () => void = () => {};
  const hangs = new Promise<void>((resolve) => {
    reached = resolve;
  });
  runner.registerNode('HangNode', () => (item) => (item === 300 ? never(reached()) : item));
  const items = Array.from({ length: 400 }, (_, k) => k);
  const running = thrown(runner.execute(chain({ node_type: 'HangNode' }), items));
  const waiting = [1, 2].map(() => thrown(runner.execute(calculator, [1])));
  await hangs;
  await runner.close();
  const errors = await Promise.all([running, ...waiting, thrown(runner.execute(calculator))]);
  expect(errors.map((error) => error?.code)).toEqual(Array(4).fill('closed'));
  expect(errors.map((error) => error?.partial?.outputs.length ?? null)).toEqual([256, null, null, null]);
  expect(new Set(errors).size).toBe(4);
});

test('a node on the page that does not end closing keeps neither its run nor the runner', async () => {
  const runner = await open();
  const hanging = chain({ node_type: 'NeverClosedNode' }, {}, { node_type: 'NeverClosedNode' });
  await expect(runner.execute(hanging, [1], { timeoutMs: 200 })).rejects.toMatchObject({
    code: 'node_timeout',
  });
  expect((await runner.execute(calculator, [5])).outputs).toEqual([20]);
  const running = thrown(runner.execute(hanging, [1]));
  await sleep(200);
  await runner.close();
  expect((await running)?.code).toBe('closed');
});

test('nodes that take their time to close are waited for after an abort', async () => {
  const runner = await open();
  let closed = 0;
  const closeLate = () => sleep(200).then(() => void closed++);
  runner.registerNode('LateNode', () => ({ process: never, close: closeLate }));
  const { engines } = runner as unknown as { engines: { current(): unknown } };
  const engine = engines.current();
  await runner.execute(calculator, [1]);
  for (const options of [{ signal: AbortSignal.timeout(20) }, { timeoutMs: 20 }]) {
    const ended = await thrown(runner.execute(chain({ node_type: 'LateNode' }), [1], options));
    expect(ended?.code).toBe('signal' in options ? 'cancelled' : 'node_timeout');
  }
  expect(closed).toBe(2);
  expect(engines.current() === engine).toBe(true);
});

test('a callback that throws at the very end of a call fails it', async () => {
  const runner = await open();
  for (const phase of ['load-wasm', 'load-pyodide']) {
    const load = runner.preload(chain({ runtime_hint: 'python' }), {
      onProgress(event) {
        if (event.phase === phase && event.loaded === event.total) throw new Error('enough');
      },
    });
    await expect(load).rejects.toThrow('enough');
    await runner.recycle();
  }
  expect((await runner.execute(calculator, [5])).outputs).toEqual([20]);
});

test('calls of next() stay in order while the stream is being loaded', async () => {
  const runner = await open();
  const stream = runner.stream(calculator, new Set<Value>(Array.from({ length: 50 }, (_, k) => k)));
  const taken: Promise<IteratorResult<{ item: Value }, undefined>>[] = [];
  while (taken.length < 50) {
    taken.push(stream.next());
    await (taken.length % 5 ? Promise.resolve() : sleep(0));
  }
  const items = (await Promise.all(taken)).map(({ value }) => value?.item);
  expect(items).toEqual(Array.from({ length: 50 }, (_, k) => 2 * k + 10));
});
