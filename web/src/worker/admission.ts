/** Whether a bundle may run here, and where (docs/internals/bundles.md). Loaded for bundles that this concerns. */
import { CapabilityError } from '../errors.js';
import { nodeBuiltin } from '../node.js';
import type { LoadedPackage } from '../package-loader.js';
import type { Post, ToEngine } from './protocol.js';
import type { Realm, Sandbox } from './realm.js';

/** What becomes of Python code that nobody vouches for. */
export type Untrusted = 'sandbox' | 'refuse' | 'allow';

/** A bundle that may run. */
export interface Admitted {
  readonly realm: Realm;
  /** Null if it has no nodes of its own. */
  readonly bundle: Parcel | null;
}

/** What an engine gets of a bundle. */
export interface Parcel {
  readonly id: string;
  /** Posts a copy; the bytes stay the caller's. */
  send(post: Post<ToEngine>): void;
}

/** Folders that engines read. */
const folders = /^(nodes|wheels|modules|models|assets)\//;

/** Decides. Throws CapabilityError: `not_granted`, `untrusted_code`. */
export async function admit(
  pkg: LoadedPackage,
  untrusted: Untrusted,
  granted: readonly string[] | undefined,
): Promise<Admitted> {
  const network = pkg.capabilities.network;
  const missing = network.filter((origin) => !granted?.includes(origin));
  if (missing.length > 0) {
    const message = `the bundle wants to reach ${missing.join(', ')}, which was not granted`;
    throw new CapabilityError(message, { code: 'not_granted' });
  }
  const hasPython = (pkg.catalog?.places.python?.length ?? 0) > 0;
  const sandbox = hasPython && needsSandbox(pkg, untrusted) ? await sandboxFor(network) : null;
  return { realm: { python: hasPython ? pkg.id : null, sandbox }, bundle: parcelOf(pkg) };
}

function needsSandbox({ trust }: LoadedPackage, untrusted: Untrusted): boolean {
  if (trust === 'trusted' || untrusted === 'allow') return false;
  const why =
    untrusted === 'refuse'
      ? 'this page refuses code of bundles that it does not trust'
      : nodeBuiltin('fs') && 'Node.js has no sandbox for it';
  if (!why) return true;
  const message = `the bundle (${trust}) has Python code of its own, and ${why}; untrusted: 'allow' vouches for it`;
  throw new CapabilityError(message, { code: 'untrusted_code' });
}

async function sandboxFor(network: readonly string[]): Promise<Sandbox> {
  const { startSandbox } = await import('./sandbox.js');
  return {
    network: [...network].sort().join(' '),
    start: (events, { assets, sandbox: script }) => startSandbox(events, { assets, script, network }),
  };
}

function parcelOf({ id, catalog, files }: LoadedPackage): Parcel | null {
  if (!catalog) return null;
  const { places } = catalog;
  return {
    id,
    send(post) {
      const read = [...files].filter(([name]) => folders.test(name));
      const copies = new Map(read.map(([name, bytes]) => [name, new Uint8Array(bytes)]));
      const transfer = [...copies.values()].map(({ buffer }) => buffer);
      post({ type: 'bundle', bundle: { id, places, files: copies } }, transfer);
    },
  };
}
