/** What can be told of a bundle before it runs. None of its code runs for that. */
import downloadSizes from '../../py/remotemedia/cli/downloads.json';
import type { LoadedPackage } from '../src/index.js';
import { listOf, objectOf, textOf } from './claims.js';
import type { FindType, NodeType } from './node-types.js';

/** A node of the manifest. */
export interface NodeFacts {
  /** Its place in the manifest. */
  readonly index: number;
  readonly id: string;
  readonly name: string;
  /** Null if no such type is known here. */
  readonly type: NodeType | null;
}

/** Something that the browser loads for the bundle. `bytes` as sent by a server that compresses; null if not known. */
export interface Download {
  readonly name: string;
  readonly bytes: number | null;
}

/** What the page shows. */
export interface Facts {
  readonly nodes: readonly NodeFacts[];
  readonly hasOwnPython: boolean;
  readonly hasOwnRust: boolean;
  /** Its code is shut in. */
  readonly isSandboxed: boolean;
  readonly downloads: readonly Download[];
}

/** Looks at a bundle. */
export function factsOf(pkg: LoadedPackage, find: FindType): Facts {
  const nodes = listOf(pkg.manifest.nodes).map((claim, index) => {
    const { id, node_type: name, runtime_hint: hint } = objectOf(claim);
    return { index, id: textOf(id), name: textOf(name), type: find(String(name), String(hint)) };
  });
  const places = Object.entries(pkg.catalog?.places ?? {});
  const hasOwnPython = places.some(([place, { length }]) => place === 'python' && length > 0);
  const isSandboxed = hasOwnPython && pkg.trust !== 'trusted';
  const types = nodes.flatMap(({ type }) => (type?.runtime === 'python' ? [type] : []));
  return {
    nodes,
    hasOwnPython,
    hasOwnRust: places.some(([place]) => place !== 'python'),
    isSandboxed,
    downloads: downloads(types, isSandboxed),
  };
}

/** What runs the bundle. A sandbox has Python in it, whether it is used or not. */
function downloads(pythonTypes: readonly NodeType[], isSandboxed: boolean): Download[] {
  const names = new Set(['Rust runtime']);
  if (isSandboxed) names.add('Pyodide in the sandbox');
  else if (pythonTypes.length > 0) names.add('Pyodide');
  const requires = pythonTypes.flatMap((type) => type.requires);
  // Without versions: `numpy>=2`.
  for (const package_ of requires) names.add(textOf(/^[\w.-]*/.exec(package_)?.[0]));
  const sizes = new Map(Object.entries(downloadSizes.sizes));
  return [...names].map((name) => ({ name, bytes: sizes.get(name)?.[1] ?? null }));
}

/** Who answers for the bundle, in words. */
export function trustText({ trust, keyId }: Pick<LoadedPackage, 'trust' | 'keyId'>): string {
  if (trust === 'trusted') return `Signed by a key that this page trusts: ${keyId}.`;
  if (trust === 'unknown-key') return `Signed by a key that this page does not know: ${keyId}.`;
  return 'Unsigned: nobody answers for it.';
}

/** Where its code runs, in words. */
export function placeText(facts: Facts, { capabilities }: Pick<LoadedPackage, 'capabilities'>): string {
  if (facts.isSandboxed) {
    const reach = capabilities.network.length > 0 ? 'the origins that you allow' : 'no network';
    return `In a sandbox, because it brings Python code that no trusted key has signed. Inside it reaches ${reach}, no storage, and nothing of this page.`;
  }
  if (facts.hasOwnPython)
    return 'In a worker of this page, where its Python code may do what this page may, because a trusted key has signed it.';
  const own = facts.hasOwnRust ? ' Its own Rust code sees nothing but the files of the bundle.' : '';
  return `In a worker of this page.${own}`;
}

/** `8.3 kB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const [size, unit] = bytes < 1e6 ? [bytes / 1e3, 'kB'] : [bytes / 1e6, 'MB'];
  return `${size.toFixed(size < 10 ? 1 : 0)} ${unit}`;
}
