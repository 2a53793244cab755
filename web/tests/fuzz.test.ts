/**
 * Readers against damaged input: whatever arrives, they give a result or their own error, and they come to an end.
 * REMOTEMEDIA_LONG=1 makes a hundred times as many attempts.
 */
import { expect, test, vi } from 'vitest';
import { readPlan } from '../src/engine/plan.js';
import { errorFromWire, ManifestError, PacketError, RemoteMediaError } from '../src/errors.js';
import { packetSize, readLayout, writeContiguous } from '../src/packet.js';
import { decodePacket, decodeParts } from '../src/packet-decode.js';
import { encodePacket } from '../src/packet-encode.js';
import type { Value } from '../src/values.js';
import { anyValue, fc } from './arbitraries.js';

const runs = process.env.REMOTEMEDIA_LONG ? 100 : 1;
vi.setConfig({ testTimeout: 3_600_000 });

const utf8 = { encode: new TextEncoder(), decode: new TextDecoder() };

/** Runs a property with a fixed seed. */
function always<T extends [unknown, ...unknown[]]>(
  count: number,
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  property: (...values: T) => void,
): void {
  fc.assert(fc.property(...arbitraries, property), { seed: 20_260_101, numRuns: count * runs });
}

/** A result, or null if the bytes were refused as they should be. Anything else that is thrown fails the test. */
function tryDecode(decode: () => { values: Value[] }): Value[] | null {
  try {
    return decode().values;
  } catch (error) {
    if (!(error instanceof PacketError)) throw error;
    expect(error.code).toBe('bad_packet');
    return null;
  }
}

const items = fc.array(anyValue, { minLength: 1, maxLength: 6 });

function packetOf(values: readonly Value[]): Uint8Array<ArrayBuffer> {
  return encodePacket({ rounds: values.map((_, index) => index), edges: 0, values });
}

/** What may be done to a packet's bytes. */
const damage = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'grow', 'length', 'swap'),
  at: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
  value: fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7fffffff, 0x80000000, 0xffffffff, 16, 15)),
});
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(packet: Uint8Array<ArrayBuffer>, { kind, at, value }: Damage): Uint8Array {
  const copy = packet.slice();
  const place = Math.floor(at * copy.length);
  const words = new Uint32Array(copy.buffer, 0, copy.length / 4);
  if (kind === 'cut') return copy.subarray(0, place);
  if (kind === 'grow')
    return new Uint8Array([...copy.subarray(0, place), value & 255, ...copy.subarray(place)]);
  if (kind === 'flip') copy[place] = value & 255;
  // Of the fixed fields and the table of lengths.
  if (kind === 'length') words[Math.floor(at * Math.min(8, words.length))] = value;
  if (kind === 'swap') copy.copyWithin(place, 0, 16);
  return copy;
}

test('damaged packets', () => {
  let refused = 0;
  always(3000, [items, fc.array(damage, { minLength: 1, maxLength: 3 })], (values, list) => {
    const bytes = list.reduce<Uint8Array>((packet, one) => damaged(packet.slice(), one), packetOf(values));
    if (tryDecode(() => decodePacket(bytes)) === null) refused++;
  });
  // Most damage is noticed; what is not has changed a number or a letter.
  expect(refused).toBeGreaterThan(1000 * runs);
});

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** JSON that is likely to mean something in a header. */
const odd: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    -1,
    0,
    1,
    0.5,
    2 ** 53,
    2 ** 32,
    '',
    'f64',
    'list',
    'tensor',
    'audio',
    [],
    {},
  ),
  fc.constantFrom<Json>(
    { $: 0 },
    { $: 99 },
    { $: -1 },
    { $: 'NaN' },
    { $: {} },
    { $: { $: 1 } },
    { $: 0, x: 1 },
  ),
  fc.array(fc.integer({ min: -1, max: 2 ** 33 }), { maxLength: 4 }),
  fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as Json),
);

/** Every place in a JSON document. */
function placesOf(json: Json, path: (string | number)[] = []): (string | number)[][] {
  if (typeof json !== 'object' || json === null) return [path];
  const inner = Object.entries(json).flatMap(([key, value]) =>
    placesOf(value, [...path, Array.isArray(json) ? Number(key) : key]),
  );
  return [path, ...inner];
}

function replaced(json: Json, [key, ...rest]: readonly (string | number)[], value: Json): Json {
  if (key === undefined) return value;
  if (Array.isArray(json))
    return json.map((old, index) => (index === key ? replaced(old, rest, value) : old));
  const entries = Object.entries(json as { [key: string]: Json });
  return Object.fromEntries(
    entries.map(([name, old]) => [name, name === key ? replaced(old, rest, value) : old]),
  );
}

test('headers that say something else', () => {
  let refused = 0;
  const changes = fc.array(fc.tuple(fc.nat(), odd), { minLength: 1, maxLength: 2 });
  always(3000, [items, changes], (values, list) => {
    const { header, buffers } = readLayout(packetOf(values));
    const json = list.reduce(
      (document, [number, value]) => {
        const places = placesOf(document);
        return replaced(document, places[number % places.length] ?? [], value);
      },
      JSON.parse(utf8.decode.decode(header)) as Json,
    );
    const changed = { header: utf8.encode.encode(JSON.stringify(json)), buffers };
    const loose = tryDecode(() => decodeParts(changed));
    if (loose === null) refused++;
    else {
      // What is accepted can be written and read again.
      const whole = new Uint8Array(packetSize(changed));
      writeContiguous(changed, whole);
      expect(tryDecode(() => decodePacket(whole))).not.toBeNull();
    }
  });
  expect(refused).toBeGreaterThan(1000 * runs);
});

test('any bytes', () => {
  const magic = Uint8Array.of(0x52, 0x4d, 0x50, 0x31);
  always(3000, [fc.uint8Array({ maxLength: 200 }), fc.boolean()], (bytes, isMarked) => {
    if (isMarked) bytes.set(magic.subarray(0, bytes.length));
    tryDecode(() => decodePacket(bytes));
  });
});

test('a table of lengths that claims more than there is', () => {
  const words = fc.array(fc.constantFrom(0, 1, 16, 0x7ffffff0, 0xfffffff0, 0xffffffff), {
    minLength: 3,
    maxLength: 12,
  });
  always(2000, [words], (list) => {
    const bytes = new Uint8Array(new Uint32Array([0x31504d52, ...list]).buffer);
    tryDecode(() => decodePacket(bytes));
  });
});

test('answers of the planner', () => {
  const answer = fc.oneof(
    odd,
    fc.record({ issues: odd }),
    fc.record({ plan: odd, warnings: odd }),
    fc.record({ issues: fc.array(fc.record({ code: odd, path: odd, message: odd, severity: odd })) }),
  );
  always(2000, [answer], (json) => {
    try {
      expect(readPlan(JSON.stringify(json)).plan).toBeTruthy();
    } catch (error) {
      expect(error).toBeInstanceOf(RemoteMediaError);
    }
  });
  expect(() => readPlan('{"issues": []}')).toThrow(ManifestError);
});

test('errors on the wire', () => {
  const names = fc.oneof(
    fc.constantFrom('NodeError', 'ManifestError', 'constructor', '__proto__', 'toString'),
    fc.string(),
  );
  const wire = fc.record(
    {
      name: fc.oneof(names, odd),
      code: odd,
      message: odd,
      node_id: odd,
      item_index: odd,
      issues: odd,
      round: odd,
    },
    { requiredKeys: [] },
  );
  always(3000, [fc.oneof(wire, odd)], (json) => {
    const error = errorFromWire(json as never);
    expect(error).toBeInstanceOf(RemoteMediaError);
    expect(typeof error.message).toBe('string');
    expect(errorFromWire(JSON.parse(JSON.stringify(error))).message).toBe(error.message);
  });
});
