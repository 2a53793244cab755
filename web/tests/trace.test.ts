/** Traces: what viewers ask of them, for made-up spans and for real runs. */
import { expect, test } from 'vitest';
import { type TraceEvent, traceOf } from '../src/trace.js';
import type { Span } from '../src/worker/protocol.js';
import { chain } from './chains.js';
import { createRunner } from './runners.js';

/** Spans that Perfetto leaves out: those that begin in another one of their track and end after it. */
function leftOut(events: readonly TraceEvent[]): string[] {
  const open: { tid: number; name: string; end: number }[] = [];
  const inNs = events
    .filter(({ ph }) => ph === 'X')
    .map(({ name, tid, ts = 0, dur = 0 }) => {
      return { name, tid, start: Math.trunc(ts * 1000), end: Math.trunc(ts * 1000) + Math.trunc(dur * 1000) };
    });
  inNs.sort((a, b) => a.tid - b.tid || a.start - b.start || b.end - a.end);
  return inNs.flatMap(({ tid, name, start, end }) => {
    while (open.length > 0 && (open.at(-1)?.tid !== tid || (open.at(-1)?.end ?? 0) <= start)) open.pop();
    const around = open.at(-1);
    if (around && end > around.end) return [`${name} in ${around.name}`];
    open.push({ tid, name, end });
    return [];
  });
}

const span = (name: string, category: string, startUs: number, durationUs: number): Span => {
  return { name, category, track: 'python', startUs, durationUs };
};
const times = (events: readonly TraceEvent[]) =>
  events.filter(({ ph }) => ph === 'X').map(({ name, ts, dur }) => [name, ts, dur]);

test('spans nest: nodes lie in their calls, whatever their clocks say', () => {
  const epoch = 1.7e15;
  const { traceEvents } = traceOf([
    span('early', 'node', epoch + 5, 40),
    span('late', 'node', epoch + 180, 50),
    span('none', 'node', epoch + 100, 0),
    span('alone', 'node', epoch + 300, 10),
    span('call', 'crossing', epoch + 10, 90),
    span('call', 'crossing', epoch + 120, 100),
  ]);
  expect(leftOut(traceEvents)).toEqual([]);
  expect(times(traceEvents)).toEqual([
    ['call', 0, 90],
    ['early', 0, 35],
    ['none', 90, 0],
    ['call', 110, 100],
    ['late', 170, 40],
    ['alone', 290, 10],
  ]);
});

test('events have what the format asks for', () => {
  const { traceEvents } = traceOf([span('call', 'crossing', 1000.5, 2)]);
  expect(traceEvents.filter(({ ph, tid }) => ph === 'M' && tid === 2)).toEqual([
    { name: 'thread_name', ph: 'M', pid: 1, tid: 2, args: { name: 'python' } },
    { name: 'thread_sort_index', ph: 'M', pid: 1, tid: 2, args: { sort_index: 1 } },
  ]);
  const [event] = traceEvents.filter(({ ph }) => ph === 'X');
  expect(event).toEqual({ name: 'call', cat: 'crossing', ph: 'X', pid: 1, tid: 2, ts: 0, dur: 2 });
  expect(traceOf([]).traceEvents.every(({ ph }) => ph === 'M')).toBe(true);
});

test('no span of a run through all places is left out', async () => {
  const runner = await createRunner();
  runner.registerNode('PageNode', () => async (item) => item);
  const manifest = chain({}, { runtime_hint: 'python' }, {}, { node_type: 'PageNode' }, {});
  const items = Array.from({ length: 2000 }, (_, k) => k);
  for (let run = 0; run < 3; run++) {
    const { trace } = await runner.execute(manifest, items, { trace: true });
    const events = trace?.traceEvents ?? [];
    expect(leftOut(events)).toEqual([]);
    const spans = events.filter(({ ph }) => ph === 'X');
    expect(spans.every(({ ts = -1, dur = -1 }) => ts >= 0 && dur >= 0)).toBe(true);
    // Every node with every batch.
    for (const id of ['n0', 'n1', 'n2', 'n3', 'n4']) {
      const ofNode = spans.filter(({ name, cat }) => cat === 'node' && name === id);
      expect(ofNode.length).toBeGreaterThanOrEqual(8);
      expect(ofNode.some(({ dur = 0 }) => dur > 0)).toBe(true);
    }
  }
  await runner.close();
});
