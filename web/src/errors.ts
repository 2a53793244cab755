/**
 * The error tree, the same names and codes in every language.
 *
 * ```
 * RemoteMediaError          base of all; also what is wrong inside the library itself
 *   ManifestError           a manifest does not validate; `issues` holds every problem
 *   PackageError            a bundle is refused; `code` names the refusal
 *   RuntimeLoadError        a runtime (wasm, Pyodide, a package) cannot be loaded or has died
 *   NodeError               a node failed, or a value cannot cross a boundary
 *   NodeTimeoutError        a node call or a run took longer than it may
 *   CancelledError          the caller ended the run
 *   CircuitOpenError        a node failed too often and is not called for a while
 *   CapabilityError         a bundle asks for what the host does not allow
 *   ClosedError             the runner was closed
 *   PacketError             bytes that should be a packet are not
 * ```
 * Errors cross threads and runtimes as one JSON shape, {@link WireError}, and come out as the same class.
 */
import type { Value } from './values.js';

/** One problem of a manifest. `path` is like `$.nodes[2].params.rate`. */
export interface Issue {
  readonly code: string;
  readonly path: string;
  readonly message: string;
  readonly severity: 'error' | 'warning';
  readonly expected?: unknown;
  readonly actual?: unknown;
}

/** An error as JSON (docs/internals/plan.md). Absent fields are null. */
export interface WireError {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly node_id?: string | null;
  readonly node_type?: string | null;
  readonly runtime?: string | null;
  readonly item_index?: number | null;
  readonly path?: string | null;
  readonly traceback?: string | null;
  readonly issues?: readonly Issue[] | null;
  readonly round?: number | null;
  readonly order?: number | null;
}

/** What an error can say beside its message. */
export interface ErrorDetails {
  code?: string;
  nodeId?: string | null;
  nodeType?: string | null;
  runtime?: string | null;
  itemIndex?: number | null;
  path?: string | null;
  traceback?: string | null;
  issues?: readonly Issue[];
  round?: number | null;
  order?: number | null;
  cause?: unknown;
}

/** Base of every error this library throws. */
export class RemoteMediaError extends Error {
  static readonly code: string = 'internal_error';
  override readonly name: string = 'RemoteMediaError';
  /** A word for programs: stable, the same in every language. */
  readonly code: string;
  /** The node that failed, where one did. */
  readonly nodeId: string | null;
  readonly nodeType: string | null;
  /** `rust`, `python` or `js`, where a node failed. */
  readonly runtime: string | null;
  /** Index of the input item (the round); null in the flush round and outside a run. */
  readonly itemIndex: number | null;
  /** Where in the value, manifest or bundle, like `$.a[2]`. */
  readonly path: string | null;
  /** Python traceback, Rust panic location or JavaScript stack of the node. */
  readonly traceback: string | null;
  /** What the sinks had received from the rounds before the failure, if the error ended a run. */
  partial: { outputs: Value[]; sinks: Record<string, Value[]> } | null = null;
  /** @internal */
  readonly round: number | null;
  /** @internal */
  readonly order: number | null;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code ?? (new.target as typeof RemoteMediaError).code;
    this.nodeId = details.nodeId ?? null;
    this.nodeType = details.nodeType ?? null;
    this.runtime = details.runtime ?? null;
    this.itemIndex = details.itemIndex ?? null;
    this.path = details.path ?? null;
    this.traceback = details.traceback ?? null;
    this.round = details.round ?? null;
    this.order = details.order ?? null;
  }

  /** The wire shape, so that `JSON.stringify(error)` says everything. */
  toJSON(): WireError {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      node_id: this.nodeId,
      node_type: this.nodeType,
      runtime: this.runtime,
      item_index: this.itemIndex,
      path: this.path,
      traceback: this.traceback,
      issues: null,
      round: this.round,
      order: this.order,
    };
  }
}

/** A manifest does not validate. `issues` holds every problem, warnings included. */
export class ManifestError extends RemoteMediaError {
  static override readonly code = 'manifest_error';
  override readonly name = 'ManifestError';
  readonly issues: readonly Issue[];

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details);
    this.issues = details.issues ?? [];
  }

  /** The error that says all of `issues`. */
  static of(issues: readonly Issue[]): ManifestError {
    const errors = issues.filter((issue) => issue.severity !== 'warning');
    const lines = errors.map((issue) => `${issue.path}: ${issue.message} (${issue.code})`);
    return new ManifestError(`the manifest does not validate:\n${lines.join('\n')}`, { issues });
  }

  override toJSON(): WireError {
    return { ...super.toJSON(), issues: this.issues };
  }
}

/** A bundle is refused; `code` names the refusal (docs/bundles.md). */
export class PackageError extends RemoteMediaError {
  static override readonly code = 'package_error';
  override readonly name = 'PackageError';
}

/** A runtime, or something it needs, cannot be loaded, or has died. */
export class RuntimeLoadError extends RemoteMediaError {
  static override readonly code = 'runtime_load_error';
  override readonly name = 'RuntimeLoadError';
}

/** A node failed, or (code `unrepresentable_value`) a value cannot cross a boundary. */
export class NodeError extends RemoteMediaError {
  static override readonly code = 'node_error';
  override readonly name = 'NodeError';
}

/** A node call or a run took longer than it may. */
export class NodeTimeoutError extends RemoteMediaError {
  static override readonly code = 'node_timeout';
  override readonly name = 'NodeTimeoutError';
}

/** The caller ended the run. */
export class CancelledError extends RemoteMediaError {
  static override readonly code = 'cancelled';
  override readonly name = 'CancelledError';
}

/** A node failed too often and is not called for a while. */
export class CircuitOpenError extends RemoteMediaError {
  static override readonly code = 'circuit_open';
  override readonly name = 'CircuitOpenError';
}

/** A bundle asks for what the host does not allow, or the host lacks it. */
export class CapabilityError extends RemoteMediaError {
  static override readonly code = 'capability_error';
  override readonly name = 'CapabilityError';
}

/** The runner was closed. (A worker that died is RuntimeLoadError `worker_died`.) */
export class ClosedError extends RemoteMediaError {
  static override readonly code = 'closed';
  override readonly name = 'ClosedError';
}

/** Bytes that should be a packet are not; `path` names the field. */
export class PacketError extends RemoteMediaError {
  static override readonly code = 'bad_packet';
  override readonly name = 'PacketError';
}

const classes: Record<string, typeof RemoteMediaError> = {
  ManifestError,
  PackageError,
  RuntimeLoadError,
  NodeError,
  NodeTimeoutError,
  CancelledError,
  CircuitOpenError,
  CapabilityError,
  ClosedError,
  PacketError,
};

/** The error of a wire shape, as its own class. */
export function errorFromWire(given: WireError): RemoteMediaError {
  // What a broken runtime left may be anything.
  const wire: Partial<WireError> = given ?? {};
  const Class = Object.hasOwn(classes, String(wire.name)) ? classes[String(wire.name)] : undefined;
  return new (Class ?? RemoteMediaError)(String(wire.message), {
    ...(wire.code ? { code: wire.code } : {}),
    nodeId: wire.node_id ?? null,
    nodeType: wire.node_type ?? null,
    runtime: wire.runtime ?? null,
    itemIndex: wire.item_index ?? null,
    path: wire.path ?? null,
    traceback: wire.traceback ?? null,
    issues: Array.isArray(wire.issues) ? wire.issues : [],
    round: wire.round ?? null,
    order: wire.order ?? null,
  });
}

/** Anything thrown, as an error of this tree. */
export function asError(thrown: unknown): RemoteMediaError {
  if (thrown instanceof RemoteMediaError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  const traceback = thrown instanceof Error ? (thrown.stack ?? null) : null;
  return new RemoteMediaError(message, { traceback, cause: thrown });
}

/** The wire shape of anything thrown. */
export function errorToWire(thrown: unknown): WireError {
  return asError(thrown).toJSON();
}
