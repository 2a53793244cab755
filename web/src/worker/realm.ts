/** Which code shares an engine: a bundle's Python code stays away from that of other bundles. */

/** Where a job has to run. */
export interface Realm {
  /** Id of the bundle whose Python code may run there; null if none does. */
  readonly python: string | null;
  /** The origins that a sandbox around it lets through; null if there is none. */
  readonly sandbox: readonly string[] | null;
}

/** Of pipelines without code of others. */
export const plainRealm: Realm = { python: null, sandbox: null };

/** Whether an engine of the realm `has` can do a job of the realm `wanted`. A sandbox is for its bundle alone. */
export function suits(has: Realm, wanted: Realm): boolean {
  if (has.sandbox || wanted.sandbox)
    return has.python === wanted.python && String(has.sandbox) === String(wanted.sandbox);
  return has.python === null || wanted.python === null || has.python === wanted.python;
}
