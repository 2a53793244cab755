/** Collects what sinks give, and makes the result of a run. */
import { errorFromWire, type RemoteMediaError } from './errors.js';
import type { GraphInfo } from './manifest.js';
import type { Metrics } from './metrics.js';
import type { Trace } from './trace.js';
import type { Value } from './values.js';
import type { PlanSummary, RunSummary, SegmentNodeMetrics } from './worker/protocol.js';
import type { Delivery, RunSession } from './worker/session.js';

/** What is known when a run has ended. */
export interface RunReport {
  /** Null unless `enableMetrics`. */
  metrics: Metrics | null;
  /** Failed calls that `on_error: "skip"` dropped: all counted, the first 100 kept. */
  skipped: { count: number; errors: RemoteMediaError[] };
  /** What the planner found odd in the manifest. */
  warnings: PlanSummary['warnings'];
  /** Items of streams that were dropped, by source. */
  dropped: Record<string, number>;
  /** Null unless `trace`. As JSON, Perfetto and chrome://tracing open it. */
  trace: Trace | null;
}

/** What `execute` resolves to. */
export interface ExecuteResult extends RunReport {
  /** Items of the sink, if there is one; with several, see `sinks`. */
  outputs: Value[];
  /** Items of every sink, by node id. Arrays of one batch may share memory. */
  sinks: Record<string, Value[]>;
  result: { status: 'success'; outputs: Value[]; graph_info: GraphInfo };
}

/** Takes what the sinks of a run give. */
export interface Receiver {
  /** Called once, before anything comes. */
  begin(plan: PlanSummary): void;
  add(delivery: Delivery): void;
}

/** The outputs of a run so far. */
export class Collector implements Receiver {
  private readonly sinks: Record<string, Value[]> = {};
  private readonly byEdge: (Value[] | undefined)[] = [];

  /** Makes a list for every sink of the plan. */
  begin(plan: PlanSummary): void {
    for (const { edge, node } of plan.outputs) {
      const items: Value[] = [];
      this.byEdge[edge] = items;
      this.sinks[node] = items;
    }
  }

  add({ packets, taken }: Delivery): void {
    for (const { edges, values } of packets) {
      for (const [index, value] of values.entries()) this.byEdge[edges[index] ?? -1]?.push(value);
    }
    taken();
  }

  /** Outputs as they are now. */
  current(): { outputs: Value[]; sinks: Record<string, Value[]> } {
    const lists = Object.values(this.sinks);
    return { outputs: lists.length === 1 ? (lists[0] ?? []) : [], sinks: this.sinks };
  }

  result(plan: PlanSummary, report: RunReport): ExecuteResult {
    const { outputs, sinks } = this.current();
    return { outputs, sinks, result: { status: 'success', outputs, graph_info: plan.graphInfo }, ...report };
  }
}

/** The report of a run; with metrics, if `totalMs` says how long the caller waited. */
export async function reportOf(
  plan: PlanSummary,
  summary: RunSummary,
  { spans }: RunSession,
  dropped: Record<string, number>,
  totalMs: number | null,
): Promise<RunReport> {
  const { count, errors } = summary.skipped;
  return {
    metrics: totalMs === null ? null : metricsOf(plan, summary, totalMs),
    skipped: { count, errors: errors.map(errorFromWire) },
    warnings: plan.warnings,
    dropped,
    trace: spans && (await import('./trace.js')).traceOf([...spans, ...summary.spans]),
  };
}

/** Measured once: it takes some steps of the clock. */
let resolutionUs: number | null = null;

/** Metrics of SPEC shape, from what the engine measured and the time the caller waited. */
export function metricsOf(plan: PlanSummary, summary: RunSummary, totalMs: number): Metrics {
  resolutionUs ??= clockResolutionUs();
  const resolution = resolutionUs;
  const begun = performance.now();
  const metrics: Metrics = {
    pipeline_id: plan.name,
    total_executions: 1,
    total_duration_us: Math.round(totalMs * 1000),
    total_duration_ms: totalMs,
    peak_memory_bytes: summary.memoryBytes,
    peak_memory_mb: summary.memoryBytes / 2 ** 20,
    node_metrics: summary.nodes.map((node) => nodeMetrics(node, resolution)),
    crossing_metrics: [...summary.crossings],
    load_metrics: summary.loads,
    clock_resolution_us: resolution,
    metrics_overhead_us: 0,
  };
  metrics.metrics_overhead_us = 1000 * (performance.now() - begun);
  return metrics;
}

function nodeMetrics(node: SegmentNodeMetrics, resolutionUs: number): Metrics['node_metrics'][number] {
  const { execution_count: calls, min_duration_us: min, max_duration_us: max } = node;
  return {
    ...node,
    success_rate: calls === 0 ? 1 : node.success_count / calls,
    avg_duration_us: calls === 0 ? 0 : node.total_duration_us / calls,
    min_duration_us: min !== null && min > resolutionUs ? min : null,
    max_duration_us: max !== null && max > resolutionUs ? max : null,
  };
}

/** The smallest step that the clock was seen to make, in microseconds. */
function clockResolutionUs(): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let steps = 0, last = performance.now(); steps < 3; ) {
    const now = performance.now();
    if (now === last) continue;
    smallest = Math.min(smallest, now - last);
    last = now;
    steps++;
  }
  return smallest * 1000;
}
