/** Ports of JavaScript nodes, as their catalog entries say. */
import type { CatalogEntry } from '../manifest.js';

/** What the catalog says of a type of nodes. */
export interface NodePorts {
  /** Names of its output ports. */
  readonly outputs: readonly string[];
  /** Whether it has no input ports, so that it makes its own items. */
  readonly generates: boolean;
}

/** Looks up node types in their entries. */
export function portsOf(entries: readonly CatalogEntry[]): (type: string) => NodePorts | undefined {
  const byType = new Map(entries.map((entry) => [entry.type, entry]));
  return (type) => {
    const entry = byType.get(type);
    if (!entry) return undefined;
    const generates = entry.inputs !== undefined && Object.keys(entry.inputs).length === 0;
    return { outputs: Object.keys(entry.outputs ?? {}), generates };
  };
}
