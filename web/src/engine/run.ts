/** One run: batches go through all segments, one batch after the other (docs/internals/plan.md). */
import type { BufferPool } from '../buffer-pool.js';
import { asError, CancelledError, errorFromWire, type RemoteMediaError } from '../errors.js';
import type { CrossingMetrics } from '../metrics.js';
import { type Packet, packetSize, payloadSize, readLayout, writeContiguous } from '../packet.js';
import type {
  Addressed,
  SegmentNodeMetrics,
  SkippedCalls,
  TransferredPacket,
  Until,
  WholePacket,
} from '../worker/protocol.js';
import { Crossings } from './crossings.js';
import { delay, nextTask } from './event-loop.js';
import {
  failed,
  more,
  noLimit,
  type Segment,
  type SegmentMetrics,
  type SegmentPlan,
  type StepResult,
  sleep,
} from './place.js';

/** How long a run may keep the thread before it lets messages in, in milliseconds. */
const breathMs = 8;
const keptSkips = 100;

/** A segment of the plan, opened. */
export interface OpenSegment {
  readonly plan: SegmentPlan;
  readonly segment: Segment;
}

/** What a batch gave to the sinks. With an error, only rounds below `error.round` count. */
export interface BatchResult {
  readonly packets: WholePacket[];
  readonly error: RemoteMediaError | null;
}

/** A run whose segments are open. */
export class Run {
  /** Called when a segment has returned, before anything else is done or waited for. */
  onReturn: () => void = () => {};
  private readonly segments: readonly OpenSegment[];
  private readonly pool: BufferPool;
  private readonly crossings: Crossings | null;
  private readonly control = new AbortController();
  private lastBreath = performance.now();

  constructor(segments: readonly OpenSegment[], pool: BufferPool, metrics: boolean) {
    this.segments = segments;
    this.pool = pool;
    this.crossings = metrics ? new Crossings() : null;
  }

  /** Ends the run at the next opportunity. */
  cancel(): void {
    this.control.abort(new CancelledError('the run was cancelled'));
  }

  /** Sends a batch through all segments. */
  async push(batch: readonly Addressed[]): Promise<BatchResult> {
    const inboxes = this.segments.map((): Inbox => new Inbox());
    for (const { segment, packet } of batch) inboxes[segment]?.add('page', asPacket(packet));
    const result = await this.pass(inboxes, 'run');
    for (const { packet } of batch) if ('buffer' in packet) this.pool.give(packet.buffer);
    return result;
  }

  /** The flush round. */
  async finish(): Promise<BatchResult> {
    // A flush call brings no packets or few: what came before must not be mixed with it.
    if (this.crossings) await this.measure();
    return this.pass(
      this.segments.map(() => new Inbox()),
      'flush',
    );
  }

  /** Closes every node once, in reverse order. A node that fails to close does not keep the others open. */
  async close(): Promise<void> {
    for (const { segment } of [...this.segments].reverse()) {
      try {
        await segment.close();
      } catch {
        // The outcome of the run is decided; closing cannot change it.
      }
    }
  }

  /** Metrics of all nodes, what was skipped, and crossings. */
  async metrics(): Promise<{
    nodes: SegmentNodeMetrics[];
    skipped: SkippedCalls;
    crossings: CrossingMetrics[];
  }> {
    const all = await this.measure();
    return {
      nodes: all.flatMap(({ nodes }) => nodes),
      skipped: {
        count: all.reduce((sum, { skipped }) => sum + skipped.count, 0),
        errors: all.flatMap(({ skipped }) => skipped.errors).slice(0, keptSkips),
      },
      crossings: this.crossings?.list() ?? [],
    };
  }

  private async measure(): Promise<SegmentMetrics[]> {
    const all: SegmentMetrics[] = [];
    for (const { segment } of this.segments) all.push(await segment.metrics());
    all.forEach(({ nodes, engine_us = 0 }, index) => {
      const insideUs = nodes.reduce((sum, node) => sum + node.total_duration_us, engine_us);
      this.crossings?.settle(index, insideUs);
    });
    return all;
  }

  private async pass(inboxes: readonly Inbox[], kind: 'run' | 'flush'): Promise<BatchResult> {
    const toHost: WholePacket[] = [];
    let until: Until = noLimit;
    let error: RemoteMediaError | null = null;
    for (const [index, { segment }] of this.segments.entries()) {
      const inbox = inboxes[index] ?? new Inbox();
      if (kind === 'run' && inbox.packets.length === 0) continue;
      this.crossings?.arrived(index, inbox.from, this.placeOf(index));
      let result = await this.timed(index, () => segment[kind](inbox.packets, until));
      for (;;) {
        this.route(index, result, inboxes, toHost);
        await this.breathe();
        if (result.status === sleep) await delay(result.sleepMs, this.control.signal);
        else if (result.status !== more) break;
        result = await this.timed(index, () => segment.resume());
      }
      if (result.status === failed) {
        error = failureOf(result);
        until = { round: error.round ?? 0, order: error.order ?? 0 };
      }
    }
    return { packets: toHost, error };
  }

  /** Hands outputs on. They are views that the place's next call may spoil, so they are copied unless none can come. */
  private route(from: number, result: StepResult, inboxes: readonly Inbox[], toHost: WholePacket[]): void {
    const ended = result.status !== more && result.status !== sleep;
    for (const { to, packet } of result.outputs) {
      if (to === null) toHost.push(this.sendHome(from, packet));
      else {
        const safe = ended && !this.isCalledBefore(from, to);
        inboxes[to]?.add(this.placeOf(from), safe ? packet : copyOf(packet));
      }
    }
  }

  /** Whether the place of segment `from` is called again up to and including segment `to`. */
  private isCalledBefore(from: number, to: number): boolean {
    const place = this.placeOf(from);
    return this.segments.slice(from + 1, to + 1).some(({ plan }) => plan.place === place);
  }

  private sendHome(from: number, packet: Packet): WholePacket {
    const begun = this.crossings ? performance.now() : 0;
    const length = packetSize(packet);
    const buffer = this.pool.take(length);
    writeContiguous(packet, new Uint8Array(buffer, 0, length));
    this.crossings?.add(
      this.placeOf(from),
      'page',
      1,
      payloadSize(packet),
      1000 * (performance.now() - begun),
    );
    return { buffer, length };
  }

  private async timed(index: number, call: () => StepResult | Promise<StepResult>): Promise<StepResult> {
    const begun = this.crossings ? performance.now() : 0;
    const result = await call();
    this.crossings?.called(index, 1000 * (performance.now() - begun));
    this.onReturn();
    return result;
  }

  private async breathe(): Promise<void> {
    if (performance.now() - this.lastBreath > breathMs) {
      await nextTask();
      this.lastBreath = performance.now();
    }
    this.control.signal.throwIfAborted();
  }

  private placeOf(index: number): string {
    return this.segments[index]?.plan.place ?? '';
  }
}

/** What waits for a segment. */
class Inbox {
  readonly packets: Packet[] = [];
  readonly from: { place: string; bytes: number }[] = [];

  add(place: string, packet: Packet): void {
    this.packets.push(packet);
    this.from.push({ place, bytes: payloadSize(packet) });
  }
}

function asPacket(packet: TransferredPacket): Packet {
  return 'buffer' in packet ? readLayout(new Uint8Array(packet.buffer, 0, packet.length)) : packet;
}

function copyOf(packet: Packet): Packet {
  const whole = new Uint8Array(packetSize(packet));
  writeContiguous(packet, whole);
  return readLayout(whole);
}

function failureOf({ error }: StepResult): RemoteMediaError {
  return error ? errorFromWire(error) : asError(new Error('a segment failed without an error'));
}
