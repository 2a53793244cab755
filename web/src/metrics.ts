/** What a run measured, and what it reports while it goes on. */

/** Times of one node. Durations are measured per node and batch; min and max are null where they were not measured. */
export interface NodeMetrics {
  node_id: string;
  node_type: string;
  runtime: string;
  execution_count: number;
  success_count: number;
  error_count: number;
  success_rate: number;
  total_duration_us: number;
  avg_duration_us: number;
  min_duration_us: number | null;
  max_duration_us: number | null;
}

/** What crossed from one place to another, `page` being the caller's thread. */
export interface CrossingMetrics {
  from: string;
  to: string;
  packets: number;
  bytes: number;
  total_duration_us: number;
}

/** Measurements of a run; `null` loads did not happen in this run. */
export interface Metrics {
  pipeline_id: string;
  total_executions: number;
  total_duration_us: number;
  total_duration_ms: number;
  /** Sum of the linear memories of the runtimes, in bytes. */
  peak_memory_bytes: number;
  peak_memory_mb: number;
  node_metrics: NodeMetrics[];
  crossing_metrics: CrossingMetrics[];
  load_metrics: LoadMetrics;
  clock_resolution_us: number;
  metrics_overhead_us: number;
}

/** Milliseconds spent loading during a run; null where nothing had to be loaded. */
export interface LoadMetrics {
  wasm_ms: number | null;
  /** Start of Pyodide, with the first packages, which are fetched and unpacked at the same time. */
  pyodide_ms: number | null;
  /** Import of this library in Python, and packages loaded after the start. */
  packages_ms: number | null;
}

/** How far something has come. `total` is null while unknown. */
export interface ProgressEvent {
  /** `download`, `load-wasm`: bytes; the other loads: parts; `run`: input items. */
  phase: 'download' | 'load-wasm' | 'load-pyodide' | 'load-packages' | 'run';
  loaded: number;
  total: number | null;
  /** So far, in phase `run`: items and encoded bytes of input, and of what the sinks gave. */
  itemsIn?: number;
  itemsOut?: number;
  bytesIn?: number;
  bytesOut?: number;
}
