/** Which code shares an engine: a bundle's Python code stays away from that of other bundles. */
import type { ClientOptions } from './client.js';
import type { Thread, ThreadEvents } from './thread.js';

/** Where a job has to run. */
export interface Realm {
  /** Id of the bundle whose Python code may run there; null if none does. */
  readonly python: string | null;
  /** The sandbox around it; null if there is none. */
  readonly sandbox: Sandbox | null;
}

/** What confines code that nobody vouches for. */
export interface Sandbox {
  /** The origins that it lets through. */
  readonly network: string;
  start(events: ThreadEvents, options: ClientOptions): Thread;
}

/** Of pipelines without code of others. */
export const plainRealm: Realm = { python: null, sandbox: null };

/** Whether an engine of the realm `has` can do a job of the realm `wanted`. A sandbox is for its bundle alone. */
export function suits(has: Realm, wanted: Realm): boolean {
  if (has.sandbox?.network !== wanted.sandbox?.network) return false;
  return has.python === wanted.python || (!has.sandbox && (!has.python || !wanted.python));
}
