/** Cuts a list of items into batches: up to 256 items or 4 MiB. */
import { Audio, Tensor, type Value } from './values.js';

/** Items of a batch. */
export const maxItems = 256;
/** Bytes of a batch, roughly. */
export const maxBytes = 4 * 2 ** 20;

/** Some items, and the index of the first. */
export interface Batch {
  readonly first: number;
  readonly items: readonly Value[];
}

/** The batches of a list. */
export function* batches(items: readonly Value[]): Generator<Batch> {
  let first = 0;
  let bytes = 0;
  for (let next = 0; next < items.length; next++) {
    const size = sizeOf(items[next] ?? null);
    if (next > first && (next - first >= maxItems || bytes + size > maxBytes)) {
      yield { first, items: items.slice(first, next) };
      first = next;
      bytes = 0;
    }
    bytes += size;
  }
  if (first < items.length) yield { first, items: items.slice(first) };
}

/** Roughly the bytes that a value takes in a packet. */
export function sizeOf(value: Value, depth = 0): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || depth > 8) return 8;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof Tensor) return value.data.byteLength;
  if (value instanceof Audio) return value.frames * value.channels.length * 4;
  if (Array.isArray(value) && typeof value[0] === 'number') return value.length * 8;
  return Object.values(value).reduce((sum: number, inner: Value) => sum + sizeOf(inner, depth + 1), 8);
}
