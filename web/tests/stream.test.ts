/** Streams in Node.js, with the real Rust runtime and a real worker. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CancelledError, CapabilityError, ClosedError, ManifestError, NodeError } from '../src/errors.js';
import type { AnyInput } from '../src/input.js';
import type { Manifest } from '../src/manifest.js';
import type { PipelineRunner } from '../src/pipeline-runner.js';
import type { StreamItem } from '../src/pipeline-stream.js';
import { Audio, type Value } from '../src/values.js';
import { calculator, chain } from './chains.js';
import { createRunner } from './runners.js';

let runner: PipelineRunner;
beforeAll(async () => {
  runner = await createRunner({ onOutput() {} });
});
afterAll(() => runner.close());

/** Two sources that only pass on, each of which is a sink too. */
const twoSources: Manifest = {
  version: 'v1',
  nodes: [
    { id: 'a', node_type: 'PassThroughNode' },
    { id: 'b', node_type: 'PassThroughNode' },
  ],
};

async function* count(to = Number.POSITIVE_INFINITY): AsyncGenerator<number> {
  for (let k = 0; k < to; k++) yield k;
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const items = (results: StreamItem[]) => results.map(({ item }) => item);

describe('results', () => {
  test('come with sink and round, in order', async () => {
    const stream = runner.stream(calculator, count(1000));
    const results = await collect(stream);
    expect(results.slice(0, 2)).toEqual([
      { sink: 'n1', item: 10, round: 0 },
      { sink: 'n1', item: 12, round: 1 },
    ]);
    expect(results.map(({ item, round }) => [item, round])).toEqual(
      Array.from({ length: 1000 }, (_, k) => [2 * k + 10, k]),
    );
    expect(await stream.result).toEqual({
      metrics: null,
      skipped: { count: 0, errors: [] },
      warnings: [],
      dropped: { n0: 0 },
      trace: null,
    });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('of every kind of input', async () => {
    const kinds: Record<string, AnyInput> = {
      list: [1, 2, 3],
      'a set': new Set([1, 2, 3]),
      'a generator': (function* () {
        yield* [1, 2, 3];
      })(),
      'an async generator': (async function* () {
        yield* [1, 2, 3];
      })(),
      'a web stream': new ReadableStream({
        start(controller) {
          for (const item of [1, 2, 3]) controller.enqueue(item);
          controller.close();
        },
      }),
    };
    for (const [kind, input] of Object.entries(kinds)) {
      expect(items(await collect(runner.stream(calculator, input))), kind).toEqual([12, 14, 16]);
    }
    for (const input of ['text', 5, null, new Uint8Array([1, 2]), { a: 1 }] as Value[]) {
      expect(items(await collect(runner.stream(chain({}), input)))).toEqual([input]);
    }
    expect(await collect(runner.stream(calculator))).toEqual([]);
    const { outputs } = await runner.execute(calculator, count(600));
    expect(outputs).toEqual(Array.from({ length: 600 }, (_, k) => 2 * k + 10));
  });

  test('in lists', async () => {
    const batches = await collect(runner.stream(calculator, count(1000), { batched: true }));
    expect(batches.length).toBeLessThan(20);
    expect(batches.flatMap((batch) => batch.items)).toEqual(
      Array.from({ length: 1000 }, (_, k) => 2 * k + 10),
    );
    expect(batches.flatMap(({ rounds }) => rounds)).toEqual(Array.from({ length: 1000 }, (_, k) => k));
    expect(new Set(batches.map(({ sink }) => sink))).toEqual(new Set(['n1']));
  });

  test('of several sinks by round, then by sink, whatever the batches are', async () => {
    const results = await collect(runner.stream(twoSources, count(300)));
    expect(results.map(({ sink, round }) => `${sink}${round}`)).toEqual(
      Array.from({ length: 300 }, (_, k) => [`a${k}`, `b${k}`]).flat(),
    );
    const lists = await collect(runner.stream(twoSources, count(300), { batched: true }));
    for (const id of ['a', 'b']) {
      const own = lists.filter(({ sink }) => sink === id).flatMap((batch) => batch.items);
      expect(own).toEqual(Array.from({ length: 300 }, (_, k) => k));
    }
  });

  test('of the flush round have no round', async () => {
    const own = await createRunner();
    own.registerNode('LastNode', () => ({ process: (item) => item, flush: () => 'last' }));
    const manifest = chain({ node_type: 'LastNode' }, {});
    expect((await collect(own.stream(manifest, ['a']))).map(({ item, round }) => [item, round])).toEqual([
      ['a', 0],
      ['last', null],
    ]);
    expect(await collect(own.stream(manifest, ['a'], { batched: true }))).toEqual([
      { sink: 'n1', items: ['a'], rounds: [0] },
      { sink: 'n1', items: ['last'], rounds: [null] },
    ]);
    await own.close();
  });

  test('go to calls of next() in the order of the calls', async () => {
    const stream = runner.stream(calculator, count(500));
    const results = await Promise.all(Array.from({ length: 505 }, () => stream.next()));
    expect(results.slice(0, 500).map(({ value }) => value?.round)).toEqual(
      Array.from({ length: 500 }, (_, k) => k),
    );
    expect(results.slice(500).every(({ done }) => done)).toBe(true);
  });

  test('a live item is processed at once', async () => {
    let live: ReadableStreamDefaultController<Value> | null = null;
    const source = new ReadableStream<Value>({
      start(controller) {
        live = controller;
      },
    });
    const stream = runner.stream(calculator, source);
    for (let k = 0; k < 20; k++) {
      const next = stream.next();
      await sleep(k % 3);
      (live as ReadableStreamDefaultController<Value> | null)?.enqueue(k);
      expect((await next).value?.item).toBe(2 * k + 10);
    }
    (live as ReadableStreamDefaultController<Value> | null)?.close();
    expect((await stream.next()).done).toBe(true);
  });
});

describe('addressed input', () => {
  test('round k takes item k of every list that has one', async () => {
    const sources = { a: [1, 2, 3], b: ['x'] };
    const results = await collect(runner.stream(twoSources, undefined, { sources }));
    expect(results).toEqual([
      { sink: 'a', item: 1, round: 0 },
      { sink: 'b', item: 'x', round: 0 },
      { sink: 'a', item: 2, round: 1 },
      { sink: 'a', item: 3, round: 2 },
    ]);
    const { sinks } = await runner.execute(twoSources, ['both'], { sources: { a: [1, 2] } });
    expect(sinks).toEqual({ a: [1, 2], b: ['both'] });
  });

  test('long lists stay in step', async () => {
    const [a, b] = [700, 1500].map((length) => Array.from({ length }, (_, k) => k));
    const results = await collect(runner.stream(twoSources, [], { sources: { a: a ?? [], b: b ?? [] } }));
    expect(results.length).toBe(2200);
    expect(results.every(({ item, round }) => item === round)).toBe(true);
  });

  test('every item of a stream is a round of its own', async () => {
    const sources = { a: count(300), b: count(300) };
    const results = await collect(runner.stream(twoSources, undefined, { sources }));
    expect(new Set(results.map(({ round }) => round)).size).toBe(600);
    for (const id of ['a', 'b']) {
      expect(items(results.filter(({ sink }) => sink === id))).toEqual(
        Array.from({ length: 300 }, (_, k) => k),
      );
    }
  });

  test('an id that is no source', async () => {
    const sources = { a: [1], 'no such': [2], n9: [3] };
    const failure = await runner.execute(twoSources, [], { sources }).catch((error) => error);
    expect(failure).toBeInstanceOf(ManifestError);
    expect(failure.issues.map(({ code, path }: ManifestError['issues'][number]) => [code, path])).toEqual([
      ['unknown_source', '$.sources["no such"]'],
      ['unknown_source', '$.sources.n9'],
    ]);
    const unheard = runner.execute(chain({}), [1], { sources: { n0: [2] } });
    await expect(unheard).rejects.toMatchObject({ issues: [{ code: 'unexpected_input', path: '$.input' }] });
  });
});

describe('generating sources', () => {
  const range = (end: number, step = 1): Manifest =>
    chain({ node_type: 'RangeGeneratorNode', params: { start: 0, end, step } }, {});

  test('are ticked until they end', async () => {
    for (const end of [0, 1, 5, 1000]) {
      const results = await collect(runner.stream(range(end)));
      expect(results.map(({ item, round }) => [item, round])).toEqual(
        Array.from({ length: end }, (_, k) => [k, k]),
      );
      expect((await runner.execute(range(end))).outputs.length).toBe(end);
    }
  });

  test('take no input', async () => {
    for (const nothing of [null, undefined, []]) {
      expect((await runner.execute(range(2), nothing)).outputs).toEqual([0, 1]);
    }
    for (const input of [5, [5], count(1)]) {
      await expect(runner.execute(range(2), input)).rejects.toMatchObject({
        name: 'ManifestError',
        issues: [{ code: 'unexpected_input', path: '$.input' }],
      });
    }
    await expect(runner.execute(range(2), [], { sources: { n0: [1] } })).rejects.toMatchObject({
      issues: [{ code: 'unknown_source', path: '$.sources.n0' }],
    });
  });

  test('share the rounds of the other input', async () => {
    const manifest: Manifest = {
      version: 'v1',
      nodes: [
        { id: 'ticks', node_type: 'RangeGeneratorNode', params: { end: 5 } },
        { id: 'words', node_type: 'PassThroughNode' },
      ],
    };
    const expected = ['ticks0', 'words0', 'ticks1', 'words1', 'ticks2', 'ticks3', 'ticks4'];
    for (const input of [['x', 'y'], new Set(['x', 'y'])]) {
      const results = await collect(runner.stream(manifest, input));
      expect(results.map(({ sink, round }) => `${sink}${round}`)).toEqual(expected);
    }
  });

  test('without end stop when the consumer leaves', async () => {
    const seen: Value[] = [];
    for await (const { item } of runner.stream(range(1e15))) {
      seen.push(item);
      if (seen.length === 1000) break;
    }
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, k) => k));
    expect((await runner.execute(calculator, 5)).outputs).toEqual([20]);
  });
});

describe('backpressure', () => {
  test('a consumer that does not take results stops the source', async () => {
    let given = 0;
    async function* endless() {
      for (;;) yield given++;
    }
    const stream = runner.stream(calculator, endless());
    await stream.next();
    let before = -1;
    while (given !== before) {
      before = given;
      await sleep(100);
    }
    expect(given).toBeLessThan(5 * 4096 + 10);
    for (let k = 1; k < 20_000; k++) expect((await stream.next()).value?.round).toBe(k);
    await stream.return();
  });

  test('large items: only a few are on their way', async () => {
    let given = 0;
    function* endless() {
      for (;;) {
        given++;
        yield new Audio([new Float32Array(2 ** 18)], 48_000, given);
      }
    }
    const stream = runner.stream(chain({}), endless());
    await stream.next();
    await sleep(300);
    expect(given).toBeLessThan(30);
    await stream.return();
  });
});

describe('the end', () => {
  test('leaving the loop closes nodes and source, and then the runner is free', async () => {
    const own = await createRunner();
    const closed: string[] = [];
    own.registerNode('OpenNode', () => ({
      process: (item) => item,
      close: () => void closed.push('node'),
    }));
    async function* source() {
      try {
        for (let k = 0; ; k++) yield k;
      } finally {
        closed.push('source');
      }
    }
    const stream = own.stream(chain({ node_type: 'OpenNode' }, {}), source());
    for await (const { round } of stream) if (round === 3) break;
    expect(closed.sort()).toEqual(['node', 'source']);
    await expect(stream.result).rejects.toBeInstanceOf(CancelledError);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(await stream.return()).toEqual({ done: true, value: undefined });
    expect((await own.execute(calculator, 5)).outputs).toEqual([20]);
    await own.close();
  });

  test('a source that waits for ever does not keep the stream', async () => {
    let cancelled = 0;
    const silent = new ReadableStream<Value>({ cancel: () => void cancelled++ });
    async function* stuck(): AsyncGenerator<Value> {
      await new Promise(() => {});
      yield 1;
    }
    for (const source of [silent, stuck()]) {
      const stream = runner.stream(calculator, source);
      const pending = [stream.next(), stream.next()];
      await sleep(20);
      await stream.return();
      for (const { done } of await Promise.all(pending)) expect(done).toBe(true);
    }
    expect(cancelled).toBe(1);
  });

  test('a stream that waits for its turn can be left', async () => {
    const first = runner.stream(calculator, count());
    const second = runner.stream(calculator, count());
    await second.return();
    await expect(second.result).rejects.toBeInstanceOf(CancelledError);
    expect((await first.next()).value?.item).toBe(10);
    await first.return();
  });

  test('streams and runs take turns in the order of the calls', async () => {
    const ended: string[] = [];
    const stream = collect(runner.stream(calculator, count(5000))).then(() => ended.push('stream'));
    const run = runner.execute(calculator, 1).then(() => ended.push('run'));
    await Promise.all([stream, run]);
    expect(ended).toEqual(['stream', 'run']);
  });

  test('abort', async () => {
    const control = new AbortController();
    const reason = new Error('enough');
    const stream = runner.stream(calculator, count(), { signal: control.signal });
    await stream.next();
    control.abort(reason);
    const failure = await collect(stream).catch((error) => error);
    expect(failure).toBeInstanceOf(CancelledError);
    expect(failure.cause).toBe(reason);
    await expect(stream.result).rejects.toBe(failure);
    expect((await stream.next()).done).toBe(true);
    const late = runner.stream(calculator, count(), { signal: control.signal });
    await expect(late.next()).rejects.toBeInstanceOf(CancelledError);
  });

  test('closing the runner', async () => {
    const own = await createRunner();
    const stream = own.stream(calculator, count());
    await stream.next();
    const waiting = own.stream(calculator, count()).next();
    waiting.catch(() => {});
    await own.close();
    await expect(collect(stream)).rejects.toBeInstanceOf(ClosedError);
    await expect(waiting).rejects.toBeInstanceOf(ClosedError);
  });

  test('time limit of the run', async () => {
    const stream = runner.stream(calculator, new ReadableStream(), { timeoutMs: 50 });
    await expect(stream.next()).rejects.toMatchObject({ name: 'NodeTimeoutError' });
  });
});

describe('failures', () => {
  test('come after the results of the rounds before', async () => {
    async function* source(): AsyncGenerator<Value> {
      for (let k = 0; k < 1000; k++) yield k;
      yield 'text';
      for (;;) yield 1;
    }
    const seen: Value[] = [];
    const stream = runner.stream(calculator, source());
    const failure = await (async () => {
      for await (const { item } of stream) seen.push(item);
    })().catch((error) => error);
    expect(failure).toBeInstanceOf(NodeError);
    expect(failure).toMatchObject({ nodeId: 'n0', itemIndex: 1000 });
    expect(seen.length).toBe(1000);
    expect((await stream.next()).done).toBe(true);
    expect((await runner.execute(calculator, 5)).outputs).toEqual([20]);
  });

  test('of a source end the run after its items, and close the others', async () => {
    let closed = 0;
    async function* broken(): AsyncGenerator<Value> {
      yield 1;
      throw new TypeError('no more');
    }
    async function* other(): AsyncGenerator<Value> {
      try {
        await sleep(10);
        for (;;) yield 2;
      } finally {
        closed++;
      }
    }
    const stream = runner.stream(twoSources, undefined, { sources: { a: broken(), b: other() } });
    expect((await stream.next()).value).toEqual({ sink: 'a', item: 1, round: 0 });
    const failure = await collect(stream).catch((error) => error);
    expect(failure.cause).toBeInstanceOf(TypeError);
    await stream.return();
    expect(closed).toBeLessThanOrEqual(1);
  });

  test('an item that cannot travel', async () => {
    const odd: Value[] = [1, 2, { a: '\ud800' }, 4];
    const seen: Value[] = [];
    const stream = runner.stream(calculator, new Set(odd));
    const failure = await (async () => {
      for await (const { item } of stream) seen.push(item);
    })().catch((error) => error);
    expect(failure).toMatchObject({ code: 'unrepresentable_value', nodeId: 'n0', itemIndex: 2, path: '$.a' });
    expect(seen).toEqual([12, 14]);
  });

  test('of the manifest', async () => {
    await expect(runner.stream('no json').next()).rejects.toBeInstanceOf(ManifestError);
    const unknown = runner.stream(chain({ node_type: 'NoSuchNode' }), [1]);
    await expect(unknown.next()).rejects.toBeInstanceOf(ManifestError);
    await expect(unknown.result).rejects.toBeInstanceOf(ManifestError);
  });

  test('tracks belong to browsers', async () => {
    const track = { kind: 'audio', readyState: 'live', getSettings: () => ({}) } as MediaStreamTrack;
    await expect(runner.stream(calculator, track).next()).rejects.toBeInstanceOf(CapabilityError);
  });
});

describe('live sources', () => {
  /** Items at a steady pace, whoever takes them. */
  async function* paced(items: number, ms: number) {
    for (let k = 0; k < items; k++) {
      await sleep(ms);
      yield k;
    }
  }

  test.each([
    ['latest', 1],
    ['drop_oldest', 64],
  ] as const)('%s drops what comes too fast, and counts', async (live, held) => {
    const own = await createRunner();
    own.registerNode('SlowNode', () => async (item) => {
      await sleep(30);
      return item;
    });
    const stream = own.stream(chain({ node_type: 'SlowNode' }), paced(300, 2), { live });
    const results = await collect(stream);
    const { dropped } = await stream.result;
    expect(dropped).toBe(stream.dropped);
    expect(dropped.n0).toBe(300 - results.length);
    expect(dropped.n0).toBeGreaterThan(100);
    const values = items(results) as number[];
    expect(values).toEqual([...values].sort((a, b) => a - b));
    // The last ones are there, as many as may wait.
    expect(values.slice(-held)).toEqual(Array.from({ length: held }, (_, k) => 300 - held + k));
    // What is dropped has no round.
    expect(results.map(({ round }) => round)).toEqual(results.map((_, k) => k));
    await own.close();
  });

  test('policy per source', async () => {
    const stream = runner.stream(twoSources, undefined, {
      sources: { a: count(5000), b: count(5000) },
      live: { a: 'latest' },
    });
    await stream.next();
    await sleep(50);
    const results = await collect(stream);
    expect(stream.dropped.b).toBe(0);
    expect(stream.dropped.a).toBeGreaterThan(0);
    expect(items(results.filter(({ sink }) => sink === 'b')).at(-1)).toBe(4999);
    expect(items(results.filter(({ sink }) => sink === 'a')).at(-1)).toBe(4999);
    const wrong = runner.stream(calculator, count(1), { live: 'newest' as 'latest' });
    await expect(wrong.next()).rejects.toThrow(/live must be/);
  });
});
