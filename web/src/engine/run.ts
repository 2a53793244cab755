/** One run: batches go through all segments, one batch after the other (docs/internals/plan.md). */
import type { BufferPool } from '../buffer-pool.js';
import { asError, errorFromWire, type RemoteMediaError } from '../errors.js';
import { type Packet, packetSize, payloadSize, readLayout, writeContiguous } from '../packet.js';
import type {
  Addressed,
  Circuits,
  Endpoint,
  RunSummary,
  TransferredPacket,
  Until,
  WholePacket,
} from '../worker/protocol.js';
import type { Crossings } from './crossings.js';
import { delay, nextTask, unlessAborted } from './event-loop.js';
import {
  ended,
  failed,
  more,
  noLimit,
  type Segment,
  type SegmentMetrics,
  type SegmentPlan,
  type StepResult,
  sleep,
} from './place.js';
import type { Trace } from './trace.js';

/** How long a run may keep the thread before it lets messages in, in milliseconds. */
const breathMs = 8;
const keptSkips = 100;

/** A segment of the plan, opened. */
export interface OpenSegment {
  readonly plan: SegmentPlan;
  readonly segment: Segment;
  /** Time of `performance.now()`. */
  readonly openedAt: number;
}

/** What a run needs beside its segments. */
export interface RunOptions {
  readonly inputs: readonly Endpoint[];
  readonly pool: BufferPool;
  /** Null if nothing is to be measured. */
  readonly crossings: Crossings | null;
  readonly trace: Trace | null;
  /** Ends the run with its reason, at once if the run only waits. */
  readonly signal: AbortSignal;
  /** Whether somebody else may call the places while this run waits. */
  readonly isShared: () => boolean;
  /** Told of a call that the run does not wait for any more. */
  readonly abandon: (call: Promise<unknown>) => void;
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
  private readonly signal: AbortSignal;
  private readonly isShared: () => boolean;
  private readonly abandon: RunOptions['abandon'];
  private readonly crossings: Crossings | null;
  private readonly trace: Trace | null;
  private readonly measures: boolean;
  /** Segments whose generating sources have more. */
  private readonly generating: Set<number>;
  private lastBreath = performance.now();

  constructor(
    segments: readonly OpenSegment[],
    { inputs, pool, crossings, trace, signal, isShared, abandon }: RunOptions,
  ) {
    this.segments = segments;
    this.pool = pool;
    this.signal = signal;
    this.isShared = isShared;
    this.abandon = abandon;
    this.crossings = crossings;
    this.trace = trace;
    this.measures = crossings !== null || trace !== null;
    this.generating = new Set(inputs.filter(({ generates }) => generates).map(({ segment }) => segment));
  }

  /** Whether no generating source has more. */
  get hasEnded(): boolean {
    return this.generating.size === 0;
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
  finish(): Promise<BatchResult> {
    return this.pass(
      this.segments.map(() => new Inbox()),
      'flush',
    );
  }

  /** Closes every node once, in reverse order, whatever goes wrong; returns the first thing that did. */
  async close(): Promise<unknown> {
    const problems: unknown[] = [];
    for (const { segment } of [...this.segments].reverse()) {
      try {
        await segment.close();
      } catch (error) {
        problems.push(error);
      }
    }
    return problems[0];
  }

  /** Metrics of all nodes, what was skipped, crossings and spans, and the circuit breakers given those `known`. */
  async metrics(known: Circuits): Promise<Omit<RunSummary, 'loads' | 'memoryBytes'>> {
    const all = await this.measure();
    return {
      nodes: all.flatMap(({ nodes }) => nodes),
      skipped: {
        count: all.reduce((sum, { skipped }) => sum + skipped.count, 0),
        errors: all.flatMap(({ skipped }) => skipped.errors).slice(0, keptSkips),
      },
      crossings: this.crossings?.list() ?? [],
      circuits: await this.circuitsAfter(all, known, null),
      spans: this.trace?.list(this.segments, all) ?? [],
    };
  }

  /** The circuit breakers after a failure, which may have taken a place down. */
  async circuits(known: Circuits, error: RemoteMediaError): Promise<Circuits> {
    const asked = this.segments.map(async ({ segment }) => segment.metrics());
    const all = await Promise.all(asked.map((metrics) => metrics.catch(() => null)));
    return this.circuitsAfter(all, known, error);
  }

  private async circuitsAfter(
    metrics: readonly (SegmentMetrics | null)[],
    known: Circuits,
    error: RemoteMediaError | null,
  ): Promise<Circuits> {
    const isQuiet = (one: SegmentMetrics | null) => one !== null && isEmpty(one.circuits);
    if (isEmpty(known) && metrics.every(isQuiet)) return {};
    const { circuitsAfter } = await import('./circuits.js');
    const plans = this.segments.map(({ plan }) => plan);
    return circuitsAfter(plans, metrics, known, error);
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
        if (result.status === sleep) await delay(result.sleepMs, this.signal);
        else if (result.status !== more) break;
        result = await this.timed(index, () => segment.resume());
      }
      if (result.status === ended) this.generating.delete(index);
      if (result.status === failed) {
        error = failureOf(result);
        until = { round: error.round ?? 0, order: error.order ?? 0 };
      }
    }
    return { packets: toHost, error };
  }

  /** Hands outputs on. They are views that the place's next call may spoil, so they are copied unless none can come. */
  private route(from: number, result: StepResult, inboxes: readonly Inbox[], toHost: WholePacket[]): void {
    const isLast = result.status !== more && result.status !== sleep;
    for (const { to, packet } of result.outputs) {
      if (to === null) toHost.push(this.sendHome(from, packet));
      else {
        const safe = isLast && !this.isCalledBefore(from, to) && !this.isShared();
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
    const begun = this.measures ? performance.now() : 0;
    const length = packetSize(packet);
    const buffer = this.pool.take(length);
    writeContiguous(packet, new Uint8Array(buffer, 0, length));
    if (this.measures) {
      const now = performance.now();
      const place = this.placeOf(from);
      this.crossings?.add(place, 'page', 1, payloadSize(packet), 1000 * (now - begun));
      this.trace?.crossing(place, 'page', begun, now);
    }
    return { buffer, length };
  }

  private async timed(index: number, call: () => StepResult | Promise<StepResult>): Promise<StepResult> {
    const begun = this.measures ? performance.now() : 0;
    const called = call();
    const result = called instanceof Promise ? await this.wait(called) : called;
    if (this.measures) {
      const now = performance.now();
      this.crossings?.called(index, 1000 * (now - begun));
      this.trace?.call(index, this.placeOf(index), begun, now);
    }
    this.onReturn();
    return result;
  }

  private async wait(called: Promise<StepResult>): Promise<StepResult> {
    try {
      return await unlessAborted(called, this.signal);
    } catch (error) {
      if (this.signal.aborted) this.abandon(called);
      throw error;
    }
  }

  private async breathe(): Promise<void> {
    if (performance.now() - this.lastBreath > breathMs) {
      await nextTask();
      this.lastBreath = performance.now();
    }
    this.signal.throwIfAborted();
  }

  private placeOf(index: number): string {
    return this.segments[index]?.plan.place ?? '';
  }
}

function isEmpty(circuits: Circuits = {}): boolean {
  return Object.keys(circuits).length === 0;
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
