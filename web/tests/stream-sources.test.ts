/** What sources are and do that a run must cope with: in Node.js, with a real worker. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NodeError } from '../src/errors.js';
import type { ProgressEvent } from '../src/metrics.js';
import type { PipelineRunner } from '../src/pipeline-runner.js';
import type { Value } from '../src/values.js';
import { calculator } from './chains.js';
import { createRunner } from './runners.js';

let runner: PipelineRunner;
beforeAll(async () => {
  runner = await createRunner();
});
afterAll(() => runner.close());

const twoSources = {
  version: 'v1' as const,
  nodes: ['a', 'b'].map((id) => ({ id, node_type: 'PassThroughNode' })),
};
/** No node sees these: a function, and an object whose own code fails. */
const untravelled = [
  (() => {}) as unknown as Value,
  {
    get x(): number {
      throw new TypeError('unreadable');
    },
  },
];

test('a source that throws when it is left changes nothing', async () => {
  const source: AsyncIterable<Value> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: 5 }),
      return() {
        throw new TypeError('return is broken');
      },
    }),
  };
  // An unhandled rejection would fail this test too.
  const signal = AbortSignal.timeout(100);
  await expect(runner.execute(calculator, source, { signal })).rejects.toMatchObject({ code: 'cancelled' });
  for await (const { item } of runner.stream(calculator, source)) {
    expect(item).toBe(20);
    break;
  }
  expect((await runner.execute(calculator, [5])).outputs).toEqual([20]);
});

test('a source is left once', async () => {
  let returns = 0;
  const source = (): AsyncIterable<Value> => ({
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: 5 }),
      return: async () => {
        returns++;
        return { done: true, value: undefined };
      },
    }),
  });
  for (let k = 0; k < 10; k++) {
    const stream = runner.stream(calculator, source());
    if (k % 2) await stream.next();
    await Promise.all([stream.return(), stream.return()]);
  }
  // Those that were left before they began are not known to the run.
  expect(returns).toBeGreaterThanOrEqual(5);
  expect(returns).toBeLessThanOrEqual(10);
});

test('web streams are unlocked when the run is over', async () => {
  const open = () =>
    new ReadableStream<Value>({
      start(controller) {
        controller.enqueue(1);
        controller.enqueue(2);
        controller.close();
      },
    });
  const [whole, left] = [open(), open()];
  expect((await runner.execute(calculator, whole)).outputs).toEqual([12, 14]);
  for await (const _ of runner.stream(calculator, left)) break;
  expect([whole.locked, left.locked]).toEqual([false, false]);
});

test.each(untravelled)(
  'an item that cannot travel names source and item, however it is given',
  async (bad) => {
    const expected = { name: 'NodeError', code: 'unrepresentable_value', nodeId: 'n0', itemIndex: 1 };
    for (const items of [[1, bad], new Set([1, bad])]) {
      const failed = runner.execute(calculator, items as Value[]);
      await expect(failed).rejects.toMatchObject({ ...expected, partial: { outputs: [12] } });
    }
    const sources = { a: [1, 2, 3], b: [1, bad] };
    const error = await runner.execute(twoSources, undefined, { sources }).catch((error: NodeError) => error);
    expect(error).toMatchObject({ ...expected, nodeId: 'b', partial: { sinks: { a: [1], b: [1] } } });
  },
);

test('progress counts an item once, to however many sources it goes', async () => {
  for (const input of [[1, 2, 3], new Set([1, 2, 3])]) {
    const events: ProgressEvent[] = [];
    await runner.execute(twoSources, input, { onProgress: (event) => void events.push(event) });
    expect(events.at(-1)).toMatchObject({ phase: 'run', loaded: 3, itemsIn: 3, itemsOut: 6 });
  }
});
