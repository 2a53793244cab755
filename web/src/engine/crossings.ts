/** Counts what crosses between places, and how long crossing takes. */
import type { CrossingMetrics } from '../metrics.js';

interface Share {
  calledUs: number;
  settledUs: number;
  readonly bytes: Map<CrossingMetrics, number>;
}

/** Crossings of one run. */
export class Crossings {
  private readonly rows = new Map<string, CrossingMetrics>();
  /** Per segment: time in calls that brought packets, and the bytes that each row brought, since the last settling. */
  private readonly segments = new Map<number, Share>();

  /** Counts packets that went from one place to another. */
  add(from: string, to: string, packets: number, bytes: number, durationUs: number): CrossingMetrics {
    const key = `${from} ${to}`;
    let row = this.rows.get(key);
    if (!row) {
      row = { from, to, packets: 0, bytes: 0, total_duration_us: 0 };
      this.rows.set(key, row);
    }
    row.packets += packets;
    row.bytes += bytes;
    row.total_duration_us += durationUs;
    return row;
  }

  /** Counts what a segment is given. */
  arrived(segment: number, from: readonly { place: string; bytes: number }[], to: string): void {
    const { bytes: shares } = this.segment(segment);
    for (const { place, bytes } of from) {
      const row = this.add(place, to, 1, bytes, 0);
      shares.set(row, (shares.get(row) ?? 0) + bytes);
    }
  }

  /** Adds the time of a call. */
  called(segment: number, us: number): void {
    this.segment(segment).calledUs += us;
  }

  /**
   * What a segment's calls took beyond its nodes and its engine is the crossing's, shared by bytes. `insideUs` is the time
   * of nodes and engine since the start of the run.
   */
  settle(segment: number, insideUs: number): void {
    const entry = this.segment(segment);
    const total = [...entry.bytes.values()].reduce((sum, share) => sum + share, 0);
    const crossingUs = Math.max(0, entry.calledUs - (insideUs - entry.settledUs));
    for (const [row, share] of entry.bytes)
      row.total_duration_us += (crossingUs * share) / Math.max(1, total);
    this.segments.set(segment, { calledUs: 0, settledUs: insideUs, bytes: new Map() });
  }

  list(): CrossingMetrics[] {
    return [...this.rows.values()];
  }

  private segment(index: number): Share {
    let found = this.segments.get(index);
    if (!found) {
      found = { calledUs: 0, settledUs: 0, bytes: new Map() };
      this.segments.set(index, found);
    }
    return found;
  }
}
