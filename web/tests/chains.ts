/** Manifests that are chains of nodes. */
import type { Manifest, ManifestNode } from '../src/manifest.js';

/** Nodes n0, n1, … one after the other; PassThroughNode unless said otherwise. */
export function chain(...nodes: Partial<ManifestNode>[]): Manifest {
  const full = nodes.map((node, index) => ({ id: `n${index}`, node_type: 'PassThroughNode', ...node }));
  const connections = full.slice(1).map((node, index) => ({ from: `n${index}`, to: node.id }));
  return { version: 'v1', metadata: { name: 'chain' }, nodes: full, connections };
}

/** x → 2x + 10. */
export const calculator = chain(
  { node_type: 'MultiplyNode', params: { factor: 2 } },
  { node_type: 'AddNode', params: { addend: 10 } },
);
