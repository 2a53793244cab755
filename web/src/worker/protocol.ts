/** Messages between the caller's thread (`page`) and the thread of the engine. No logic. */
import type { WireError } from '../errors.js';
import type { CatalogEntry, GraphInfo, RuntimeHint } from '../manifest.js';
import type { CrossingMetrics, LoadMetrics, ProgressEvent } from '../metrics.js';

/** Absolute URLs of what the engine loads. */
export interface EngineAssets {
  readonly wasm: string;
  /** Folder with a trailing slash. */
  readonly pyodide: string;
  /** Wheels of Python packages that are not in that folder, by name. */
  readonly packages?: Readonly<Record<string, string>>;
}

/** A contiguous packet at the start of a transferred buffer. */
export interface WholePacket {
  readonly buffer: ArrayBuffer;
  readonly length: number;
}

/** A packet whose buffers were transferred as they were. */
export interface LoosePacket {
  readonly header: Uint8Array;
  readonly buffers: readonly Uint8Array[];
}

export type TransferredPacket = WholePacket | LoosePacket;

/** A packet and the segment that it is for. */
export interface Addressed {
  readonly segment: number;
  readonly packet: TransferredPacket;
}

/** A module that exports JavaScript nodes, to be imported where the engine runs. */
export interface NodeModule {
  readonly type: string;
  readonly url: string;
}

/** What the engine needs of a bundle with nodes of its own. */
export interface Bundle {
  /** SHA-256 of its file, in hexadecimal. */
  readonly id: string;
  /** Catalog entries of its nodes, by the place that runs them: `python`, `rust:<module>`. */
  readonly places: Readonly<Record<string, readonly CatalogEntry[]>>;
  /** What lies in `nodes/`, `wheels/`, `modules/`, `models/` and `assets/`, by name. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** What to run. */
export interface Job {
  /** `run`; `preload`: plan and load, then finish; `wasm`, `python`: load that runtime, then finish. */
  readonly kind: 'run' | 'preload' | 'wasm' | 'python';
  /** JSON text. */
  readonly manifest: string;
  readonly runtimeHint: RuntimeHint;
  readonly metrics: boolean;
  readonly trace: boolean;
  /** Circuit breakers of earlier runs. */
  readonly circuits: Circuits;
  /** Nodes that run on the page. */
  readonly pageNodes: readonly CatalogEntry[];
  readonly nodeModules: readonly NodeModule[];
  /** Id of the bundle whose nodes the manifest may use; it was sent before. */
  readonly bundle: string | null;
}

/** Where a source's items enter, or where a sink's leave. */
export interface Endpoint {
  readonly edge: number;
  readonly node: string;
  readonly segment: number;
  /** A source that makes its own items, one per tick (docs/internals/plan.md). */
  readonly generates?: boolean;
}

/** State of a circuit breaker: open for `wait_ms` more if `failures` are 5 or more. */
export interface Circuit {
  readonly failures: number;
  readonly wait_ms: number;
}

/**
 * Circuit breakers of nodes that failed, by JSON of [id, type, params] (complete params, as in the plan). What a run
 * gives back is of its plan's nodes alone; those that are good again have no failures.
 */
export type Circuits = Readonly<Record<string, Circuit>>;

/** A stretch of time in a trace. Microseconds since the Unix epoch, so that threads can be compared. */
export interface Span {
  readonly name: string;
  /** `node`, `crossing`, `load` or `page`. */
  readonly category: string;
  /** The place where the time was spent. */
  readonly track: string;
  readonly startUs: number;
  readonly durationUs: number;
}

/** What the page needs to know of a plan. */
export interface PlanSummary {
  readonly name: string;
  readonly inputs: readonly Endpoint[];
  readonly outputs: readonly Endpoint[];
  readonly graphInfo: GraphInfo;
  readonly warnings: readonly { readonly code: string; readonly path: string; readonly message: string }[];
}

/** Metrics of a node as an engine gives them. */
export interface SegmentNodeMetrics {
  readonly node_id: string;
  readonly node_type: string;
  readonly runtime: string;
  readonly execution_count: number;
  readonly success_count: number;
  readonly error_count: number;
  readonly total_duration_us: number;
  readonly min_duration_us: number | null;
  readonly max_duration_us: number | null;
}

/** Failed calls that `on_error: "skip"` dropped: all counted, the first 100 kept. */
export interface SkippedCalls {
  readonly count: number;
  readonly errors: readonly WireError[];
}

/** What a run leaves. */
export interface RunSummary {
  readonly nodes: readonly SegmentNodeMetrics[];
  readonly skipped: SkippedCalls;
  readonly crossings: readonly CrossingMetrics[];
  readonly loads: LoadMetrics;
  readonly memoryBytes: number;
  readonly circuits: Circuits;
  /** Empty unless the job asks for a trace. */
  readonly spans: readonly Span[];
}

/** A call (round, order); calls that are not smaller are not made. */
export interface Until {
  readonly round: number;
  readonly order: number;
}

/** A segment of `js:page` nodes is driven from the engine's thread with these. */
export type PageCall =
  | {
      readonly op: 'open';
      readonly segment: string;
      /** Entries of the page's nodes, for their ports; the engine's host adds them. */
      readonly catalog?: readonly CatalogEntry[];
    }
  | {
      readonly op: 'run' | 'flush';
      readonly handle: number;
      readonly packets: readonly TransferredPacket[];
      readonly until: Until;
    }
  | { readonly op: 'metrics' | 'close'; readonly handle: number };

/** Packets of a page segment and where they go; null is the host. */
export interface PageOutput {
  readonly to: number | null;
  readonly packet: WholePacket;
}

export type PageReply =
  | { readonly op: 'opened'; readonly handle: number }
  | {
      readonly op: 'ran';
      readonly outputs: readonly PageOutput[];
      readonly error: WireError | null;
      /** Its generating sources have no more. */
      readonly ended: boolean;
    }
  | { readonly op: 'metrics'; readonly json: string }
  | { readonly op: 'closed' }
  | { readonly op: 'failed'; readonly error: WireError };

export type ToEngine =
  | {
      readonly type: 'init';
      readonly assets: EngineAssets;
      /** A Web Lock that the thread takes and never lets go, so that its end can be noticed; null where there are none. */
      readonly lock: string | null;
      /** Where an interrupt of Python is written, if the page is isolated. */
      readonly interrupt: SharedArrayBuffer | null;
    }
  /** Takes the place of the bundle before. Sent when a job first needs it. */
  | { readonly type: 'bundle'; readonly bundle: Bundle }
  | { readonly type: 'start'; readonly run: number; readonly job: Job }
  | { readonly type: 'push'; readonly run: number; readonly packets: readonly Addressed[] }
  | { readonly type: 'finish'; readonly run: number }
  | { readonly type: 'cancel'; readonly run: number }
  | { readonly type: 'page-reply'; readonly call: number; readonly reply: PageReply };

export type ToPage =
  | { readonly type: 'planned'; readonly run: number; readonly plan: PlanSummary }
  | { readonly type: 'progress'; readonly run: number; readonly event: ProgressEvent }
  /** Answers one `push`: what the sinks gave, and buffers for the page to use again. */
  | {
      readonly type: 'batch';
      readonly run: number;
      readonly packets: readonly WholePacket[];
      readonly spare: readonly ArrayBuffer[];
      /** No generating source has more. */
      readonly ended: boolean;
    }
  /** Answers `finish`: what the flush round gave. */
  | {
      readonly type: 'finished';
      readonly run: number;
      readonly packets: readonly WholePacket[];
      readonly summary: RunSummary;
    }
  /** The run has failed or noticed its cancel, and closes its nodes. */
  | { readonly type: 'ending'; readonly run: number }
  /** Ends a run. Of `packets`, rounds below `error.round` count. */
  | {
      readonly type: 'failed';
      readonly run: number;
      readonly error: WireError;
      readonly packets: readonly WholePacket[];
      readonly circuits: Circuits;
    }
  /** The thread holds its lock now. */
  | { readonly type: 'locked' }
  /**
   * A node with a deadline is about to be called; `left`: none is any more. Calls that begin within an eighth of the deadline
   * after the last `enter` are not told, so the page waits for nine eighths.
   */
  | {
      readonly type: 'enter';
      readonly run: number;
      readonly nodeId: string;
      readonly nodeType: string;
      readonly runtime: string;
      readonly round: number;
      /** Null in the flush round. */
      readonly itemIndex: number | null;
      readonly timeoutMs: number;
      /** The node's key in {@link Circuits}: a call that takes too long counts as a failure. */
      readonly circuit: string;
    }
  | { readonly type: 'left'; readonly run: number }
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly type: 'page-call'; readonly call: number; readonly request: PageCall };

/** Sends a message, and with it the buffers named. */
export type Post<M> = (message: M, transfer?: ArrayBuffer[]) => void;
