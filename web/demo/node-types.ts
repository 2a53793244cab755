/** What is known of node types without running them: of built-in ones from the build, of a bundle's own from its catalog. */
import type { LoadedPackage } from '../src/index.js';
import { objectOf, textOf, textsOf } from './claims.js';

/** A node type in one runtime. */
export interface NodeType {
  readonly type: string;
  readonly summary: string;
  readonly runtime: 'rust' | 'python';
  /** It is code of the bundle. */
  readonly isOwn: boolean;
  /** Python packages that it needs. */
  readonly requires: readonly string[];
  /** JSON Schemas of its params by name; those of bundles are not checked. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** Finds the type that a node of the manifest will have; null if nothing is known of it. */
export type FindType = (name: string, hint: string) => NodeType | null;

const runtimes = ['rust', 'python'] as const;

/** Knows the built-in types and those of a bundle. */
export async function nodeTypes({ catalog }: Pick<LoadedPackage, 'catalog'>): Promise<FindType> {
  const { default: builtIn } = await import('./generated/nodes.json');
  const known = new Map<string, NodeType>();
  for (const { aliases, runtimes, requires, ...rest } of builtIn) {
    for (const runtime of runtimes as NodeType['runtime'][]) {
      const type = { ...rest, runtime, isOwn: false, requires: runtime === 'python' ? requires : [] };
      for (const name of [rest.type, ...aliases]) known.set(`${runtime} ${name}`, type);
    }
  }
  for (const entry of Object.values(catalog?.places ?? {}).flat()) {
    const type: NodeType = {
      type: textOf(entry.type),
      summary: textOf(entry.summary),
      runtime: entry.runtime === 'python' ? 'python' : 'rust',
      isOwn: true,
      requires: textsOf(entry.requires),
      params: objectOf(objectOf(entry.params).properties),
    };
    for (const name of [entry.type, ...(entry.aliases ?? [])]) {
      const key = `${type.runtime} ${name}`;
      if (!known.has(key)) known.set(key, type);
    }
  }
  return (name, hint) => {
    const found = allowed(hint).flatMap((runtime) => known.get(`${runtime} ${name}`) ?? []);
    return found[0] ?? null;
  };
}

/** The runtimes that a `runtime_hint` allows, in the order in which they are tried. */
function allowed(hint: string): readonly NodeType['runtime'][] {
  if (hint === 'rust') return ['rust'];
  return ['python', 'rust_python', 'cpython', 'cpython_wasm'].includes(hint) ? ['python'] : runtimes;
}
