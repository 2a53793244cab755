/** Whether a bundle may run here, and where (docs/internals/bundles.md). Loaded for bundles that this concerns. */
import { CapabilityError } from '../errors.js';
import { nodeBuiltin } from '../node.js';
import type { LoadedPackage } from '../package-loader.js';
import type { Bundle } from './protocol.js';
import type { Realm } from './realm.js';

/** What becomes of Python code that nobody vouches for. */
export type Untrusted = 'sandbox' | 'refuse' | 'allow';

/** A bundle that may run. */
export interface Admitted {
  readonly realm: Realm;
  /** Null if it has no nodes of its own. Its bytes are the caller's. */
  readonly bundle: Bundle | null;
}

/** Folders that engines read. */
const folders = /^(nodes|wheels|modules|models|assets)\//;

/** Decides. Throws CapabilityError: `not_granted`, `untrusted_code`. */
export function admit(
  pkg: LoadedPackage,
  untrusted: Untrusted,
  granted: readonly string[] | undefined,
): Admitted {
  const network = pkg.capabilities.network;
  const missing = network.filter((origin) => !granted?.includes(origin));
  if (missing.length > 0) {
    const message = `the bundle wants to reach ${missing.join(', ')}, which was not granted`;
    throw new CapabilityError(message, { code: 'not_granted' });
  }
  const hasPython = (pkg.catalog?.places.python?.length ?? 0) > 0;
  const sandbox = hasPython && needsSandbox(pkg, untrusted) ? [...network].sort() : null;
  return { realm: { python: hasPython ? pkg.id : null, sandbox }, bundle: bundleOf(pkg) };
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

function bundleOf({ id, catalog, files }: LoadedPackage): Bundle | null {
  if (!catalog) return null;
  return { id, places: catalog.places, files: new Map([...files].filter(([name]) => folders.test(name))) };
}
