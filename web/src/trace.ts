/** Traces in the format of Chrome, which Perfetto and chrome://tracing open. */
import type { Span } from './worker/protocol.js';

/** A Chrome trace: one track per place, times in microseconds since its first span. */
export interface Trace {
  traceEvents: TraceEvent[];
  displayTimeUnit: 'ms';
}

/** A span of time (`X`) or the name of a track (`M`). */
export interface TraceEvent {
  name: string;
  ph: 'X' | 'M';
  pid: number;
  tid: number;
  cat?: string;
  ts?: number;
  dur?: number;
  args?: Record<string, string | number>;
}

/** A span by its ends, in microseconds. */
interface Stretch {
  readonly span: Span;
  start: number;
  end: number;
}

/** 0 stands for the idle process in viewers. */
const pid = 1;

/** The trace of these spans; the tracks in the order in which they first appear, the page first. */
export function traceOf(spans: readonly Span[]): Trace {
  const tracks = [...new Set(['page', ...spans.map(({ track }) => track)])];
  const names = tracks.flatMap((name, index): TraceEvent[] => [
    { name: 'thread_name', ph: 'M', pid, tid: index + 1, args: { name } },
    { name: 'thread_sort_index', ph: 'M', pid, tid: index + 1, args: { sort_index: index } },
  ]);
  const nestedTracks = tracks.map((name) =>
    nested(spans.filter(({ track }) => track === name).map(stretchOf)),
  );
  const begin = Math.min(...nestedTracks.flatMap(([first]) => first?.start ?? []));
  const events = nestedTracks.flatMap((stretches, index) =>
    stretches.map((stretch) => eventOf(stretch, begin, index + 1)),
  );
  return { traceEvents: [...names, ...events], displayTimeUnit: 'ms' };
}

function stretchOf(span: Span): Stretch {
  const start = quarter(span.startUs);
  return { span, start, end: Math.max(start, quarter(span.startUs + span.durationUs)) };
}

function eventOf({ span, start, end }: Stretch, begin: number, tid: number): TraceEvent {
  const { name, category: cat } = span;
  return { name, cat, ph: 'X', pid, tid, ts: start - begin, dur: end - start };
}

/** Times since 1970 are no finer; and such numbers are exact, so that what touches does not overlap. */
function quarter(us: number): number {
  return Math.round(4 * us) / 4;
}

/**
 * Viewers leave out a span that begins in another one and ends after it. Clocks of threads and runtimes do not agree so well:
 * nodes are moved into the call that most of them falls into, and what still overlaps is cut.
 */
function nested(stretches: Stretch[]): Stretch[] {
  const calls = ordered(stretches.filter(({ span }) => span.category !== 'node'));
  for (const stretch of stretches) if (stretch.span.category === 'node') clamp(stretch, calls);
  const open: Stretch[] = [];
  return ordered(stretches).map((stretch) => {
    while (open.length > 0 && (open.at(-1)?.end ?? 0) <= stretch.start) open.pop();
    const around = open.at(-1);
    if (around) stretch.end = Math.min(stretch.end, around.end);
    open.push(stretch);
    return stretch;
  });
}

/** Cuts a stretch to the call in which its middle is; `calls` follow each other. */
function clamp(stretch: Stretch, calls: readonly Stretch[]): void {
  const call = calls[before(calls, (stretch.start + stretch.end) / 2) - 1];
  if (!call || (stretch.start + stretch.end) / 2 > call.end) return;
  stretch.start = Math.max(stretch.start, call.start);
  stretch.end = Math.min(stretch.end, call.end);
}

/** How many calls begin at `us` or before. */
function before(calls: readonly Stretch[], us: number): number {
  let [low, high] = [0, calls.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((calls[middle]?.start ?? 0) <= us) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** By time; of spans that begin together the longer one is around the other. */
function ordered(stretches: readonly Stretch[]): Stretch[] {
  return [...stretches].sort((a, b) => a.start - b.start || b.end - a.end);
}
