/** Circuit breakers between runs (docs/internals/plan.md): state goes into segments and comes back with their metrics. */
import type { RemoteMediaError } from '../errors.js';
import type { Circuit, Circuits } from '../worker/protocol.js';
import type { SegmentMetrics, SegmentNode, SegmentPlan } from './place.js';

const threshold = 5;
const openMs = 30_000;
const cleared: Circuit = { failures: 0, wait_ms: 0 };

/** What a node's state is kept by: a node that was corrected starts anew. */
export function circuitKey({ id, node_type, params }: SegmentNode): string {
  return JSON.stringify([id, node_type, params]);
}

/** The segment with the state of earlier runs. */
export function withCircuits(plan: SegmentPlan, known: Circuits): SegmentPlan {
  const nodes = plan.nodes.map((node) => {
    const circuit = known[circuitKey(node)];
    return circuit ? { ...node, circuit } : node;
  });
  return { ...plan, nodes };
}

/** What to remember of a run. `metrics` are those of the segments, null where the place died. */
export function circuitsAfter(
  plans: readonly SegmentPlan[],
  metrics: readonly (SegmentMetrics | null)[],
  known: Circuits,
  error: RemoteMediaError | null,
): Circuits {
  return Object.fromEntries(
    plans.flatMap((plan, index) => circuitsOf(plan, metrics[index] ?? null, known, error)),
  );
}

/** Nodes that failed, and those that did before and are good again; of a place that died, the node that `error` names. */
function circuitsOf(
  plan: SegmentPlan,
  metrics: SegmentMetrics | null,
  known: Circuits,
  error: RemoteMediaError | null,
): [key: string, Circuit][] {
  const now = metrics ? (metrics.circuits ?? {}) : null;
  return plan.nodes.flatMap((node): [string, Circuit][] => {
    if (node.order === undefined) return [];
    const key = circuitKey(node);
    const earlier = known[key];
    if (now) {
      const state = now[node.id] ?? (earlier && cleared);
      return state ? [[key, state]] : [];
    }
    if (node.id !== error?.nodeId) return [];
    const failures = (earlier?.failures ?? 0) + 1;
    return [[key, { failures, wait_ms: failures < threshold ? 0 : openMs }]];
  });
}
