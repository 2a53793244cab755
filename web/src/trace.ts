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

/** The trace of these spans; the tracks in the order in which they first appear, the page first. */
export function traceOf(spans: readonly Span[]): Trace {
  const tracks = [...new Set(['page', ...spans.map(({ track }) => track)])];
  const begin = spans.reduce((least, { startUs }) => Math.min(least, startUs), Number.POSITIVE_INFINITY);
  const names = tracks.flatMap((name, tid): TraceEvent[] => [
    { name: 'thread_name', ph: 'M', pid: 0, tid, args: { name } },
    { name: 'thread_sort_index', ph: 'M', pid: 0, tid, args: { sort_index: tid } },
  ]);
  const events = spans.map(({ name, category, track, startUs, durationUs }): TraceEvent => {
    return {
      name,
      cat: category,
      ph: 'X',
      pid: 0,
      tid: tracks.indexOf(track),
      ts: startUs - begin,
      dur: durationUs,
    };
  });
  return { traceEvents: [...names, ...events], displayTimeUnit: 'ms' };
}
