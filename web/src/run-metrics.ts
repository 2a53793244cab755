/** Metrics of a run, as the caller gets them. */
import type { Metrics } from './metrics.js';
import type { PlanSummary, RunSummary, SegmentNodeMetrics } from './worker/protocol.js';

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
