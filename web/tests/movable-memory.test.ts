/** What the caller gives twice is not taken away before its last use. */
import { expect, test } from 'vitest';
import { batches, maxItems } from '../src/batches.js';
import { MovableMemory } from '../src/movable-memory.js';
import { encodeLoose } from '../src/packet-encode.js';
import { Audio, Tensor, type Value } from '../src/values.js';

const bytes = Uint8Array.of(1, 2, 3);
const tensor = new Tensor('f32', [1], Float32Array.of(4));
const audio = new Audio([Float32Array.of(5, 6)], 8000);

test.each<[string, Value, readonly ArrayBufferLike[]]>([
  ['bytes', bytes, [bytes.buffer]],
  ['a tensor', tensor, [tensor.data.buffer]],
  ['audio of one channel', audio, audio.channels.map(({ buffer }) => buffer)],
  ['a tensor in a list in a map', { list: [tensor] }, [tensor.data.buffer]],
])('%s', (_, value, buffers) => {
  const items: Value[] = new Array(2 * maxItems).fill(null);
  items[0] = value;
  items[maxItems] = value;
  const cut = [...batches(items)];
  expect(cut.map(({ first }) => first)).toEqual([0, maxItems]);
  const memory = new MovableMemory(cut);
  const [early, last] = cut.map(({ first, items: values }) => {
    const rounds = values.map((_, index) => first + index);
    return memory.release(encodeLoose({ rounds, edges: 0, values: [...values] }), first).buffers;
  });
  const isTheirs = ({ buffer }: Uint8Array) => buffers.includes(buffer);
  const moved = last?.filter(isTheirs) ?? [];
  expect(moved.map(({ buffer }) => buffer)).toEqual(buffers);
  expect(early?.filter(isTheirs)).toEqual([]);
  // The same content in memory of its own.
  const copies = early?.filter((_, index) => last?.[index] && isTheirs(last[index]));
  expect(copies).toEqual(moved);
});
