/** Which memory of the input can be moved to the engine: what no later batch needs. */
import type { Batch } from './batches.js';
import type { Packet } from './packet.js';
import { Audio, isPlainObject, maxDepth, Tensor, type Value } from './values.js';

/** Knows the last batch that each buffer of the input is part of. */
export class MovableMemory {
  /** Buffer → first item of the last batch that uses it. */
  private readonly lastUse = new Map<ArrayBufferLike, number>();

  constructor(batches: Iterable<Batch>) {
    for (const { first, items } of batches) {
      for (const buffer of memoryOf(items, 0)) this.lastUse.set(buffer, first);
    }
  }

  /** The packet of the batch that starts with item `first`, with copies of what later batches need too. */
  release(packet: Packet, first: number): Packet {
    const isFree = ({ buffer }: Uint8Array) => (this.lastUse.get(buffer) ?? first) === first;
    return {
      header: packet.header,
      buffers: packet.buffers.map((view) => (isFree(view) ? view : view.slice())),
    };
  }
}

function* memoryOf(value: Value, depth: number): Generator<ArrayBufferLike> {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return;
  if (value instanceof Uint8Array) yield value.buffer;
  else if (value instanceof Tensor) yield value.data.buffer;
  else if (value instanceof Audio) for (const { buffer } of value.channels) yield buffer;
  else if (Array.isArray(value) || isPlainObject(value)) {
    for (const inner of Object.values(value) as Value[]) yield* memoryOf(inner, depth + 1);
  }
}
