/** Catalog entries of nodes written in JavaScript. */
import type { CatalogEntry } from './manifest.js';

/** Completes the catalog entry of a JavaScript node; without one, any params are allowed. */
export function jsCatalogEntry(type: string, given: Partial<CatalogEntry> = {}): CatalogEntry {
  return {
    aliases: [],
    summary: '',
    category: 'custom',
    params: { type: 'object', additionalProperties: true, properties: {} },
    inputs: { in: { kinds: ['any'] } },
    outputs: { out: { kinds: ['any'] } },
    stateful: true,
    requires: [],
    ...given,
    type,
    runtime: 'js',
  };
}
