import { PackageError } from './errors.js';

/** Refuses a bundle with one of the codes of docs/bundles.md; `name` is the entry. */
export function refuse(code: string, message: string, name?: string): never {
  const where = name === undefined ? '' : ` (${JSON.stringify(name)})`;
  throw new PackageError(`the bundle is refused: ${message}${where}`, { code, path: name ?? null });
}
