/** Where the time of a run went, as spans of absolute time. */
import type { Span } from '../worker/protocol.js';
import type { SegmentMetrics, SegmentPlan } from './place.js';

/** Crossings kept; later ones are left out, as those of nodes are. */
const keptCrossings = 10_000;

/** The spans of one run. */
export class Trace {
  private readonly crossings: Span[] = [];

  /** A call of a segment, in which nodes work between reading and writing packets. Times of `performance.now()`. */
  call(place: string, beganMs: number, endedMs: number): void {
    this.add(`call ${place}`, place, beganMs, endedMs);
  }

  /** A packet's way to another thread. */
  crossing(from: string, to: string, beganMs: number, endedMs: number): void {
    this.add(`${from} → ${to}`, from, beganMs, endedMs);
  }

  /** All spans. */
  list(
    segments: readonly { plan: SegmentPlan; openedAt: number }[],
    metrics: readonly SegmentMetrics[],
  ): Span[] {
    const nodes = segments.flatMap(({ plan, openedAt }, index) => {
      const { spans = [], opened_us: origin = epochUs(openedAt) } = metrics[index] ?? {};
      const names = new Map(plan.nodes.map(({ id, order }) => [order, id]));
      return spans.map(
        ([order, startUs, durationUs]): Span => ({
          name: names.get(order) ?? '?',
          category: 'node',
          track: plan.place,
          startUs: origin + startUs,
          durationUs,
        }),
      );
    });
    return [...nodes, ...this.crossings];
  }

  private add(name: string, track: string, beganMs: number, endedMs: number): void {
    if (this.crossings.length >= keptCrossings) return;
    const startUs = epochUs(beganMs);
    const durationUs = 1000 * (endedMs - beganMs);
    this.crossings.push({ name, category: 'crossing', track, startUs, durationUs });
  }
}

function epochUs(ms: number): number {
  return 1000 * (performance.timeOrigin + ms);
}
