import { describe, expect, test } from 'vitest';
import { JsSegment } from '../src/engine/js-engine.js';
import { done, failed, noLimit, type SegmentNode, type SegmentPlan } from '../src/engine/place.js';
import { type JsNode, type JsNodeFactory, makeNode, Out } from '../src/js-node.js';
import { readLayout } from '../src/packet.js';
import { decodeParts } from '../src/packet-decode.js';
import { encodePacket } from '../src/packet-encode.js';
import type { Value } from '../src/values.js';

type Edges = [from: string, to: string][];

/** A segment whose first edge goes into `a`, with a sink edge for every node without consumers. */
function planOf(ids: string, edges: Edges, fields: Record<string, Partial<SegmentNode>> = {}): SegmentPlan {
  const sinks = [...ids].filter((id) => !edges.some(([from]) => from.startsWith(id)));
  const outs = sinks.map((id, index) => ({ id: `__out_${index + 1}`, from: `${id}.*`, edge: index + 1 }));
  return {
    place: 'js:worker',
    runtime: 'js',
    requires: [],
    metrics: true,
    nodes: [
      { id: '__in_0', node_type: '__In', params: { edge: 0 } },
      ...[...ids].map((id, order) => ({ id, node_type: `${id}Node`, params: {}, order, ...fields[id] })),
      ...outs.map(({ id, edge }) => ({ id, node_type: '__Out', params: { edge, to: null } })),
    ],
    connections: [
      { from: '__in_0.out', to: 'a.in' },
      ...edges.map(([from, to]) => ({
        from: from.includes('.') ? from : `${from}.out`,
        to: to.includes('.') ? to : `${to}.in`,
      })),
      ...outs.map(({ id, from }) => ({ from, to: `${id}.in` })),
    ],
  };
}

async function open(plan: SegmentPlan, makers: Record<string, JsNodeFactory>): Promise<JsSegment> {
  return JsSegment.open(plan, ({ id, params }) =>
    makeNode(makers[id] as JsNodeFactory, { ...params } as never, id),
  );
}

async function run(segment: JsSegment, values: Value[], kind: 'run' | 'flush' = 'run', until = noLimit) {
  const packet = readLayout(encodePacket({ rounds: values.map((_, index) => index), edges: 0, values }));
  const { status, outputs, error } = await segment[kind](values.length ? [packet] : [], until);
  const items = outputs.map((output) => decodeParts(output.packet));
  return {
    status,
    error,
    rounds: items.flatMap(({ rounds }) => rounds),
    values: items.flatMap((item) => item.values),
  };
}

const pass: JsNodeFactory = () => (item) => item;
const times =
  (factor: number): JsNodeFactory =>
  () =>
  (item) =>
    (item as number) * factor;
const plus =
  (addend: number): JsNodeFactory =>
  () =>
  (item) =>
    (item as number) + addend;

test('items of the flush round are calls of process, a flush is none', async () => {
  const maker: JsNodeFactory = () => ({ process: (item) => item, flush: () => 'end' });
  const segment = await open(planOf('a', []), { a: maker });
  await run(segment, [1, 2]);
  expect(await run(segment, [3], 'flush')).toMatchObject({ values: [3, 'end'] });
  expect(segment.metrics().nodes[0]).toMatchObject({ execution_count: 3, success_count: 3 });
});

describe('order', () => {
  const makers = { a: pass, b: times(2), c: plus(10), d: pass };

  test('a node receives connection by connection', async () => {
    const edges: Edges = [
      ['a', 'b'],
      ['a', 'c'],
      ['b', 'd'],
      ['c', 'd'],
    ];
    const segment = await open(planOf('abcd', edges), makers);
    expect((await run(segment, [7, 8])).values).toEqual([14, 17, 16, 18]);
  });

  test('in the order of the manifest, across ports', async () => {
    const edges: Edges = [
      ['a', 'b'],
      ['a', 'c'],
      ['c', 'd.left'],
      ['b', 'd.right'],
    ];
    const named: JsNodeFactory = () => (item, port) => [port, item];
    const segment = await open(planOf('abcd', edges), { ...makers, d: named });
    const { values } = await run(segment, [7, 8]);
    expect(values).toEqual([
      ['left', 17],
      ['right', 14],
      ['left', 18],
      ['right', 16],
    ]);
  });
});

describe('outputs', () => {
  test.each<[string, JsNodeFactory, Value[]]>([
    ['nothing', () => () => undefined, []],
    ['falsy values', () => (item) => (item === 1 ? 0 : ''), [0, '']],
    ['null is a value', () => () => null, [null, null]],
    ['an array is one item', () => (item) => [item, item], [[1, 1], [2, 2]]], // biome-ignore format: short
    ['promises', () => async (item) => item, [1, 2]],
    ['generators', () => function* (item) { yield item; yield undefined; yield 9; }, [1, 9, 2, 9]], // biome-ignore format: short
    ['async generators', () => async function* (item) { yield item; yield 9; }, [1, 9, 2, 9]], // biome-ignore format: short
  ])('%s', async (_, maker, expected) => {
    const segment = await open(planOf('a', []), { a: maker });
    expect((await run(segment, [1, 2])).values).toEqual(expected);
  });

  test('ports', async () => {
    const split: JsNodeFactory = () => (item) => ((item as number) > 1 ? new Out('big', item) : item);
    const plan = planOf('abc', [
      ['a.big', 'b'],
      ['a', 'c'],
    ]);
    const segment = await open(plan, { a: split, b: times(100), c: pass });
    expect((await run(segment, [1, 2])).values.sort()).toEqual([1, 200]);
  });
});

describe('lifetime', () => {
  test('state, flush and close; a class is made with its params', async () => {
    const log: string[] = [];
    class Sum implements JsNode {
      private sum = 0;
      private readonly start: number;
      constructor({ start }: Record<string, unknown>) {
        this.start = start as number;
      }
      init(): void {
        log.push('init');
        this.sum = this.start;
      }
      process(item: Value): void {
        this.sum += item as number;
      }
      flush(): Value {
        return this.sum;
      }
      close(): void {
        log.push('close');
      }
    }
    const plan = planOf('a', [], { a: { params: { start: 100 } } });
    const segment = await JsSegment.open(plan, ({ params, id }) => makeNode(Sum, { ...params } as never, id));
    expect((await run(segment, [1, 2])).values).toEqual([]);
    expect((await run(segment, [], 'flush')).values).toEqual([103]);
    await segment.close();
    await segment.close();
    expect(log).toEqual(['init', 'close']);
  });

  test('flush travels on: what reaches a node comes before its own flush', async () => {
    const tail =
      (mark: string): JsNodeFactory =>
      () => ({ process: (item) => `${item}${mark}`, flush: () => mark });
    const segment = await open(planOf('ab', [['a', 'b']]), { a: tail('x'), b: tail('y') });
    expect((await run(segment, [], 'flush')).values).toEqual(['xy', 'y']);
  });

  test('a node that cannot be made closes those before it', async () => {
    const closed: string[] = [];
    const makers: Record<string, JsNodeFactory> = {
      a: () => ({ process: (item) => item, close: () => void closed.push('a') }),
      b: () => {
        throw new Error('no');
      },
    };
    const opening = open(planOf('ab', [['a', 'b']]), makers);
    await expect(opening).rejects.toMatchObject({ name: 'NodeError', nodeId: 'b', runtime: 'js' });
    expect(closed).toEqual(['a']);
  });
});

describe('failures', () => {
  const failing =
    (bad: number): JsNodeFactory =>
    () =>
    (item) => {
      if (item === bad) throw new TypeError(`bad ${bad}`);
      return item;
    };

  test('the smallest round and order wins, and earlier rounds are given', async () => {
    const edges: Edges = [
      ['a', 'b'],
      ['a', 'c'],
    ];
    const segment = await open(planOf('abc', edges), { a: pass, b: failing(3), c: failing(2) });
    const { status, error, rounds } = await run(segment, [0, 1, 2, 3]);
    expect(status).toBe(failed);
    expect(error).toMatchObject({ name: 'NodeError', node_id: 'c', item_index: 2, round: 2, order: 2 });
    expect(error?.message).toContain('bad 2');
    expect(rounds.sort()).toEqual([0, 0, 1, 1, 2]);
  });

  test('calls at or beyond the limit are not made', async () => {
    const segment = await open(planOf('ab', [['a', 'b']]), { a: pass, b: failing(1) });
    const { status, values } = await run(segment, [0, 1, 2], 'run', { round: 1, order: 1 });
    expect({ status, values }).toEqual({ status: done, values: [0] });
  });

  test('skip drops what the call gave, and is counted', async () => {
    const maker: JsNodeFactory = () =>
      function* (item) {
        yield item;
        if (item === 1) throw new Error('odd');
      };
    const segment = await open(planOf('a', [], { a: { on_error: 'skip' } }), { a: maker });
    expect(await run(segment, [0, 1, 2])).toMatchObject({ status: done, values: [0, 2] });
    const { nodes, skipped } = segment.metrics();
    expect(nodes[0]).toMatchObject({ execution_count: 3, success_count: 2, error_count: 1 });
    expect(skipped).toMatchObject({ count: 1, errors: [{ node_id: 'a', item_index: 1 }] });
  });

  test('retry makes a failed call again', async () => {
    let calls = 0;
    const maker: JsNodeFactory = () => (item) => {
      if (++calls < 3) throw new Error('not yet');
      return item;
    };
    const retry = { max_retries: 2, base_delay_ms: 1, max_delay_ms: 2, multiplier: 2 };
    const segment = await open(planOf('a', [], { a: { retry } }), { a: maker });
    expect(await run(segment, [5])).toMatchObject({ status: done, values: [5] });
    expect(calls).toBe(3);
  });

  test('calls are those of process, with retries', async () => {
    let calls = 0;
    const maker: JsNodeFactory = () => ({
      process: (item) => {
        if (++calls < 3) throw new Error('not yet');
        return item;
      },
      flush: () => {
        throw new Error('late');
      },
    });
    const retry = { max_retries: 2, base_delay_ms: 1, max_delay_ms: 1, multiplier: 1 };
    const segment = await open(planOf('a', [], { a: { retry, on_error: 'skip' } }), { a: maker });
    expect((await run(segment, [5, 6])).values).toEqual([5, 6]);
    expect((await run(segment, [], 'flush')).status).toBe(done);
    const { nodes, skipped } = segment.metrics();
    expect(nodes[0]).toMatchObject({ execution_count: 4, success_count: 2, error_count: 2 });
    expect(skipped.count).toBe(1);
  });

  test('an output for a port that the node does not have', async () => {
    const maker: JsNodeFactory = () => (item) => (item === 1 ? new Out('nope', item) : item);
    const { error, values } = await run(await open(planOf('a', []), { a: maker }), [0, 1, 2]);
    expect(values).toEqual([0]);
    expect(error).toMatchObject({ name: 'NodeError', code: 'node_error', node_id: 'a', item_index: 1 });
    expect(error?.message).toContain("there is no output port 'nope', only out");
  });

  test('ports are those that the catalog declares', async () => {
    const make = () => makeNode(() => (item) => new Out(item as string, item), {}, 'a');
    const ports = { outputs: ['left', 'right'], generates: false };
    const segment = await JsSegment.open(planOf('a', []), make, { portsOf: () => ports });
    const { error, values } = await run(segment, ['left', 'right', 'out']);
    expect(values).toEqual(['left', 'right']);
    expect(error?.message).toContain("there is no output port 'out', only left, right");
  });

  const refused: [string, Value | Out][] = [
    ['a value that cannot travel', '\ud800'],
    ['an unknown port', new Out('nope', 1)],
  ];

  test.each(refused)('%s is skipped, with all that the call gave', async (_, bad) => {
    const maker: JsNodeFactory = () =>
      function* (item) {
        yield item;
        if (item === 1) yield bad;
      };
    // Refused also where the value does not leave the segment.
    const plan = planOf('ab', [['a', 'b']], { a: { on_error: 'skip' } });
    const segment = await open(plan, { a: maker, b: pass });
    expect(await run(segment, [0, 1, 2])).toMatchObject({ status: done, values: [0, 2] });
    const { nodes, skipped } = segment.metrics();
    expect(nodes[0]).toMatchObject({ execution_count: 3, error_count: 1 });
    expect(skipped).toMatchObject({ count: 1, errors: [{ node_id: 'a', item_index: 1 }] });
  });

  test.each(refused)('%s is tried again', async (_, bad) => {
    let calls = 0;
    const maker: JsNodeFactory = () => (item) => (++calls === 1 ? bad : item);
    const retry = { max_retries: 1, base_delay_ms: 1, max_delay_ms: 1, multiplier: 1 };
    const segment = await open(planOf('a', [], { a: { retry } }), { a: maker });
    expect(await run(segment, [7])).toMatchObject({ status: done, values: [7] });
    expect(calls).toBe(2);
  });

  test('a value that cannot travel is an error of its node', async () => {
    const maker: JsNodeFactory = () => (item) => (item === 1 ? { deep: ['\ud800'] } : item);
    const segment = await open(planOf('ab', [['a', 'b']]), { a: pass, b: maker });
    const { error, values } = await run(segment, [0, 1, 2]);
    expect(values).toEqual([0]);
    expect(error).toMatchObject({
      code: 'unrepresentable_value',
      node_id: 'b',
      item_index: 1,
      path: '$.deep[0]',
    });
  });

  test('an error of the flush round has no item', async () => {
    const maker: JsNodeFactory = () => ({
      process: (item) => item,
      flush: () => {
        throw new Error('late');
      },
    });
    const segment = await open(planOf('a', []), { a: maker });
    expect((await run(segment, [], 'flush')).error).toMatchObject({ node_id: 'a', item_index: null });
  });
});
