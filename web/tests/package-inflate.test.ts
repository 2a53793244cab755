/** The inflater of large bundles says of every stream what zlib says. */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { CorruptError, inflate } from '../src/package/inflate.js';
import { fc } from './arbitraries.js';

function inflated(data: Uint8Array): Buffer {
  return Buffer.concat(Array.from(inflate(data), (piece) => Buffer.from(piece)));
}

/** What zlib says; null: corrupt, or bytes follow. */
function byZlib(data: Uint8Array): Buffer | null {
  try {
    const { buffer, engine } = inflateRawSync(data, { info: true } as object) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return engine.bytesWritten === data.length ? buffer : null;
  } catch {
    return null;
  }
}

function byUs(data: Uint8Array): Buffer | null {
  try {
    return inflated(data);
  } catch (error) {
    if (error instanceof CorruptError) return null;
    throw error;
  }
}

/** Bytes that repeat at many distances. */
function content(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed;
  for (let at = 0; at < size; ) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const back = state % 40_000;
    const run = 1 + ((state >>> 16) % 300);
    if (state & 4 && back < at)
      for (const stop = Math.min(size, at + run); at < stop; at++) bytes[at] = bytes[at - back - 1] ?? 0;
    else bytes[at++] = state >>> 20;
  }
  return bytes;
}

const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;

test('all that zlib writes', () => {
  for (const size of [0, 1, 100, 32_768, 65_536, 100_000, 1_000_000]) {
    const bytes = content(size, size + 1);
    for (const strategy of [Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE]) {
      for (const level of [0, 1, 6, 9]) {
        expect(inflated(deflateRawSync(bytes, { level, strategy })).equals(bytes)).toBe(true);
      }
    }
  }
  const zeros = new Uint8Array(5_000_000);
  expect(inflated(deflateRawSync(zeros)).equals(zeros)).toBe(true);
});

test('streams that were changed, cut off or go on', () => {
  const bytes = content(3000, 9);
  const streams = [Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY].map((strategy) =>
    deflateRawSync(bytes, { strategy }),
  );
  streams.push(deflateRawSync(bytes, { level: 0 }), deflateRawSync('hello hello hello'), deflateRawSync(''));
  let corrupt = 0;
  fc.assert(
    fc.property(
      fc.nat(streams.length - 1),
      fc.array(fc.tuple(fc.oneof(fc.nat(80), fc.nat(4000)), fc.nat(255)), { maxLength: 3 }),
      fc.option(fc.nat(4000)),
      fc.uint8Array({ maxLength: 2 }),
      (which, changes, end, more) => {
        const broken = Uint8Array.from(streams[which] ?? []);
        for (const [at, value] of changes) broken[at % broken.length] = value;
        const stream = Uint8Array.from([...broken.subarray(0, end ?? broken.length), ...more]);
        const expected = byZlib(stream);
        if (!expected) corrupt++;
        expect(byUs(stream)?.toString('hex') ?? null).toBe(expected?.toString('hex') ?? null);
      },
    ),
    { numRuns: 3000 },
  );
  expect(corrupt).toBeGreaterThan(500);
});

test('any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (stream) => {
      expect(byUs(stream)?.toString('hex') ?? null).toBe(byZlib(stream)?.toString('hex') ?? null);
    }),
    { numRuns: 5000 },
  );
});
