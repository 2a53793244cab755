/** How runners are set up and how they run. No logic. */
import type { AssetUrls } from './assets.js';
import type { InputOptions } from './input.js';
import type { RuntimeHint } from './manifest.js';
import type { ProgressEvent } from './metrics.js';
import type { Untrusted } from './worker/admission.js';

/** How to set up a runner. */
export interface RunnerOptions {
  /** Other URLs of the assets than the default. */
  assets?: AssetUrls;
  /**
   * Runs the engine on the caller's thread. A node in an endless loop can then not be stopped. For tests.
   */
  inline?: boolean;
  /**
   * What becomes of bundles with Python code of their own that are not `trusted`: they run in a sandbox (the default; in
   * Node.js, where there is none, they are refused), they are refused with CapabilityError, or the caller vouches for them.
   */
  untrusted?: Untrusted;
  /**
   * Python packages that nodes may require beside numpy, by name: the URL of a wheel, pure or for the very Pyodide that is used.
   * It is loaded when a node requires it; what it depends on has to be named too, and required by the node.
   */
  packages?: Readonly<Record<string, string | URL>>;
  /** What nodes print; the console by default. */
  onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** How to run. */
export interface ExecuteOptions extends InputOptions {
  /** Ends the run; it rejects with CancelledError. */
  signal?: AbortSignal;
  /** What it throws ends the run. */
  onProgress?: (event: ProgressEvent) => void;
  /**
   * Moves the memory of arrays in a list to the engine instead of copying it; the caller's arrays are then empty. Items of
   * streams are always copied.
   */
  transfer?: boolean;
  enableMetrics?: boolean;
  /** Records what happened when: `trace` of the result. */
  trace?: boolean;
  /** Default for nodes whose own hint is `auto`. */
  runtimeHint?: RuntimeHint;
  /** What the bundle may do beside computing. A run of one that asks for more rejects with CapabilityError. */
  grant?: { network?: readonly string[] };
  /** Time that the run may take, in milliseconds; then it rejects with NodeTimeoutError. */
  timeoutMs?: number;
}

/** How to run with results handed out as they come. */
export interface StreamOptions extends Omit<ExecuteOptions, 'transfer'> {
  /** Results of one sink in lists, which costs less per item. */
  batched?: boolean;
}
