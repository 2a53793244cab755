/** Whatever happens to a stream, and whenever: every promise settles, and what was delivered is right. Real workers, fixed seeds. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RemoteMediaError } from '../src/errors.js';
import type { PipelineRunner } from '../src/pipeline-runner.js';
import type { PipelineStream, StreamItem } from '../src/pipeline-stream.js';
import type { Value } from '../src/values.js';
import { calculator, chain } from './chains.js';
import { createRunner } from './runners.js';

let runner: PipelineRunner;
const open = async () => {
  const opened = await createRunner({ onOutput() {} });
  opened.registerNode('PageNode', () => async (item) => item);
  return opened;
};
beforeAll(async () => {
  runner = await open();
});
afterAll(() => runner.close());

const pipelines = {
  rust: { manifest: calculator, expected: (k: number) => 2 * k + 10 },
  page: { manifest: chain({}, { node_type: 'PageNode' }, {}), expected: (k: number) => k },
};

/** Ends the worker as if something outside had done it; resolves when the runner knows. */
async function killWorker(target: PipelineRunner): Promise<void> {
  const { engines } = target as unknown as {
    engines: { current(): { isDead: boolean; thread: { terminate(): void } } };
  };
  const engine = engines.current();
  engine.thread.terminate();
  while (!engine.isDead) await sleep(1);
}

interface Scenario {
  pipeline: keyof typeof pipelines;
  kind: 'async' | 'sync' | 'web';
  /** Null: no end. */
  items: number | null;
  /** Calls of next() that wait at the same time. */
  readers: number;
  /** The source pauses for a turn of the event loop after so many items. */
  pauseEvery: number;
  end: 'abort' | 'return' | 'close' | 'kill' | 'throw' | 'none';
  /** After how many results, and how many milliseconds more. */
  after: number;
  delay: number;
}

const scenarios = fc.record<Scenario>({
  pipeline: fc.constantFrom('rust', 'page'),
  kind: fc.constantFrom('async', 'sync', 'web'),
  items: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 3000 })),
  readers: fc.integer({ min: 1, max: 4 }),
  pauseEvery: fc.constantFrom(1, 7, 300, 1e9),
  end: fc.constantFrom('abort', 'return', 'close', 'kill', 'throw', 'none'),
  after: fc.integer({ min: 0, max: 1500 }),
  delay: fc.constantFrom(0, 0, 1, 5, 20),
});

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function sourceOf({ kind, items, pauseEvery, end, after }: Scenario, log: { closed: boolean }) {
  const last = items ?? Number.POSITIVE_INFINITY;
  const check = (k: number) => {
    if (end === 'throw' && k === after) throw new TypeError('the source is broken');
  };
  function* sync(): Generator<number> {
    try {
      for (let k = 0; k < last; k++) {
        check(k);
        yield k;
      }
    } finally {
      log.closed = true;
    }
  }
  async function* async(): AsyncGenerator<number> {
    try {
      for (let k = 0; k < last; k++) {
        check(k);
        if (k % pauseEvery === pauseEvery - 1) await sleep(0);
        yield k;
      }
    } finally {
      log.closed = true;
    }
  }
  if (kind === 'sync') return sync();
  if (kind === 'async') return async();
  const iterator = async();
  return new ReadableStream<Value>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void iterator.return(undefined),
  });
}

/** Reads to the end with several readers; what each call gave, in the order of the calls. */
async function read(
  stream: PipelineStream,
  { readers, end, items }: Scenario,
  stop: () => void,
  after: number,
) {
  const results: Promise<IteratorResult<StreamItem, undefined>>[] = [];
  let taken = 0;
  let isOver = false;
  const failures: unknown[] = [];
  const reader = async () => {
    while (!isOver) {
      const call = stream.next();
      results.push(call);
      try {
        if ((await call).done) isOver = true;
        else if (++taken === after) stop();
      } catch (error) {
        failures.push(error);
        isOver = true;
      }
    }
  };
  if (after === 0 || (items !== null && after > items)) stop();
  if (end === 'none' && items === null) stop();
  await Promise.all(Array.from({ length: readers }, reader));
  const settled = await Promise.allSettled(results);
  const given = settled.flatMap((call) =>
    call.status === 'fulfilled' && !call.value.done ? [call.value.value] : [],
  );
  return { given, failures };
}

test('streams that are stopped at random moments', { timeout: 600_000 }, async () => {
  const ends = new Set<string>();
  const property = fc.asyncProperty(scenarios, async (scenario) => {
    const { pipeline, end, after, delay } = scenario;
    const { manifest, expected } = pipelines[pipeline];
    const control = new AbortController();
    const log = { closed: false };
    const stream = runner.stream(manifest, sourceOf(scenario, log), { signal: control.signal });
    const next = runner.execute(calculator, [5]);
    next.catch(() => {});
    let returned: Promise<unknown> = Promise.resolve();
    const stop = async () => {
      await sleep(delay);
      if (end === 'abort') control.abort();
      else if (end === 'close') await runner.close();
      else if (end === 'kill') await killWorker(runner);
      else returned = stream.return();
    };
    let stopped: Promise<void> = Promise.resolve();
    const { given, failures } = await read(stream, scenario, () => (stopped = stop()), after);
    await stopped;
    await returned;
    // In order, from the first, nothing lost, nothing twice.
    expect(given.map(({ round }) => round)).toEqual(given.map((_, k) => k));
    expect(given.map(({ item }) => item)).toEqual(given.map((_, k) => expected(k)));
    expect(failures.length).toBeLessThanOrEqual(1);
    for (const failure of failures) expect(failure).toBeInstanceOf(RemoteMediaError);
    const outcome = await stream.result.then(
      () => 'finished',
      (error: RemoteMediaError) => error.code,
    );
    ends.add(outcome);
    if (outcome === 'finished') expect(given.length <= (scenario.items ?? 0)).toBe(true);
    expect((await stream.next()).done).toBe(true);
    if (end === 'close') {
      await next.catch(() => {});
      await runner.close();
      runner = await open();
    } else if (end === 'kill') {
      // The worker may have died under the run behind the stream.
      await next.catch(({ code }) => expect(code).toBe('worker_died'));
      expect((await runner.execute(calculator, [5])).outputs).toEqual([20]);
    } else expect((await next).outputs).toEqual([20]);
  });
  await fc.assert(property, { numRuns: 150, seed: 20261120, endOnFailure: true });
  expect([...ends].sort()).toEqual(
    expect.arrayContaining(['cancelled', 'closed', 'finished', 'internal_error', 'worker_died']),
  );
});
