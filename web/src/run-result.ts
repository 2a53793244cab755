/** Collects what sinks give, and makes the result of a run. */
import { errorFromWire, type RemoteMediaError } from './errors.js';
import type { GraphInfo } from './manifest.js';
import type { Metrics } from './metrics.js';
import type { Trace } from './trace.js';
import type { Value } from './values.js';
import type { PlanSummary, RunSummary } from './worker/protocol.js';
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
    metrics: totalMs === null ? null : (await import('./run-metrics.js')).metricsOf(plan, summary, totalMs),
    skipped: { count, errors: errors.map(errorFromWire) },
    warnings: plan.warnings,
    dropped,
    trace: spans && (await import('./trace.js')).traceOf([...spans, ...summary.spans]),
  };
}
