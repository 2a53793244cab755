/** Counts what crosses between places, and how long crossing takes. */
import type { CrossingMetrics } from '../metrics.js';

interface Share {
  calledUs: number;
  readonly bytes: Map<CrossingMetrics, number>;
}

/** Crossings of one run. */
export class Crossings {
  private readonly rows = new Map<string, CrossingMetrics>();
  /** Per segment: time in its calls, and the bytes that each row brought. */
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
   * At the end of the run: what a segment's calls took beyond its nodes and its engine, `insideUs`, is the crossing's, shared
   * by bytes.
   */
  settle(segment: number, insideUs: number): void {
    const { calledUs, bytes } = this.segment(segment);
    const total = [...bytes.values()].reduce((sum, share) => sum + share, 0);
    const crossingUs = Math.max(0, calledUs - insideUs);
    for (const [row, share] of bytes) row.total_duration_us += (crossingUs * share) / Math.max(1, total);
  }

  list(): CrossingMetrics[] {
    return [...this.rows.values()];
  }

  private segment(index: number): Share {
    let found = this.segments.get(index);
    if (!found) {
      found = { calledUs: 0, bytes: new Map() };
      this.segments.set(index, found);
    }
    return found;
  }
}
