/** What every place (an address space that executes nodes) offers to the engine. */
import type { WireError } from '../errors.js';
import type { Packet } from '../packet.js';
import type { Circuit, SegmentNodeMetrics, SkippedCalls, Until } from '../worker/protocol.js';

/** A value now or later: engines that need not wait do not. */
export type MaybePromise<T> = T | Promise<T>;

/** The plan's segment: a manifest in normal form (docs/internals/plan.md). */
export interface SegmentPlan {
  readonly place: string;
  readonly runtime: string;
  readonly requires: readonly string[];
  readonly metrics: boolean;
  readonly trace?: boolean;
  readonly nodes: readonly SegmentNode[];
  readonly connections: readonly { readonly from: string; readonly to: string }[];
}

/** A node of a segment; pseudo-nodes have no order. */
export interface SegmentNode {
  readonly id: string;
  readonly node_type: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly order?: number;
  readonly on_error?: 'fail' | 'skip';
  readonly timeout_ms?: number;
  readonly retry?: {
    readonly max_retries: number;
    readonly base_delay_ms: number;
    readonly max_delay_ms: number;
    readonly multiplier: number;
  };
  /** What earlier runs left of its circuit breaker. */
  readonly circuit?: Circuit;
}

/** Status of a call. */
export const done = 0;
export const more = 1;
export const sleep = 2;
export const failed = 3;
/** Done, and the segment's generating sources have no more. */
export const ended = 4;

/** An order that no node has: the deadline under way is over. */
export const left = 0xffffffff;

/** Called before a call of a node with a deadline; with {@link left} before the next call of one without. */
export type Enter = (order: number, round: number) => void;

/** A packet on its way. */
export interface Outgoing {
  /** Index of the receiving segment, null for the host. */
  readonly to: number | null;
  /** Views that hold until the next call of the place. */
  readonly packet: Packet;
}

/** What a call of a segment gave. */
export interface StepResult {
  readonly status: number;
  readonly sleepMs: number;
  readonly outputs: readonly Outgoing[];
  /** Why, if the status is failed. */
  readonly error: WireError | null;
}

/** Metrics of a segment. */
export interface SegmentMetrics {
  readonly nodes: readonly SegmentNodeMetrics[];
  readonly skipped: SkippedCalls;
  /** Time of the engine itself, in microseconds: neither nodes nor packets. */
  readonly engine_us?: number;
  /** By node id; nodes without failures are left out. */
  readonly circuits?: Readonly<Record<string, Circuit>>;
  /** Order of the node, start since `open` and duration, in microseconds. */
  readonly spans?: readonly (readonly [order: number, startUs: number, durationUs: number])[];
  /** When `open` was, in microseconds since the Unix epoch, where the segment runs on another thread. */
  readonly opened_us?: number;
}

/** An open segment. */
export interface Segment {
  run(packets: readonly Packet[], until: Until): MaybePromise<StepResult>;
  resume(): MaybePromise<StepResult>;
  flush(packets: readonly Packet[], until: Until): MaybePromise<StepResult>;
  metrics(): MaybePromise<SegmentMetrics>;
  /** Closes every node once, then throws the first error of a node's `close`; safe to call twice. */
  close(): MaybePromise<void>;
}

/** No limit. */
export const noLimit: Until = { round: Number.POSITIVE_INFINITY, order: 0xffffffff };
