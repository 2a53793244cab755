/** Random changes of good bundles: whatever they are, both loaders say the same of them. */
import type { Options } from './case.js';
import { cases } from './corpus.js';

/** A changed bundle. */
export interface Change {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly options: Options;
}

/** Always the same changes for a seed, of small bundles that load. */
export async function changed(count: number, seed: number): Promise<Change[]> {
  const good = await Promise.all(
    cases
      .filter(({ code }) => code === null)
      .map(async ({ name, bytes, options }) => ({ name, options, bytes: await bytes() })),
  );
  const small = good.filter(({ bytes }) => bytes.length < 10_000);
  const random = generator(seed);
  return Array.from({ length: count }, (_, index) => {
    const origin = small[index % small.length];
    if (!origin) throw new Error('no case loads');
    const bytes = change(origin.bytes, random);
    return { name: `change ${index} (seed ${seed}) of: ${origin.name}`, bytes, options: origin.options };
  });
}

/** One to three bytes changed, or a stretch left out, doubled, or filled with zeros. */
function change(bytes: Uint8Array<ArrayBuffer>, random: (below: number) => number): Uint8Array<ArrayBuffer> {
  const at = random(bytes.length);
  const end = Math.min(bytes.length, at + 1 + random(40));
  const kind = random(10);
  if (kind === 0) return new Uint8Array(Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]));
  if (kind === 1) return new Uint8Array(Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]));
  const broken = bytes.slice();
  if (kind === 2) return broken.fill(0, at, end);
  for (let number = 0; number <= kind % 3; number++) {
    const where = random(bytes.length);
    // Often the nearest values: they lead further into the reader than any.
    broken[where] = random(2) ? random(256) : (broken[where] ?? 0) + (random(2) ? 1 : -1);
  }
  return broken;
}

/** Numbers below a bound by mulberry32, a generator of 32 bits of state. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
