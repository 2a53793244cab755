import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NodeError, PacketError } from '../src/errors.js';
import { type Packet, readLayout, writeContiguous } from '../src/packet.js';
import { decodePacket, decodeParts } from '../src/packet-decode.js';
import { encodeLoose, encodePacket } from '../src/packet-encode.js';
import { fromJson, toJson } from '../src/value-json.js';
import { Audio, maxDepth, Tensor, type Value } from '../src/values.js';
import { anyValue, fc } from './arbitraries.js';
import { difference, readVectors, root } from './vectors.js';

/** All packets that stand back to back. */
function readPackets(bytes: Uint8Array): Packet[] {
  if (bytes.length === 0) return [];
  const packet = readLayout(bytes);
  return [packet, ...readPackets(bytes.subarray(packet.whole.length))];
}

function roundTrip(values: readonly Value[]): Value[] {
  const rounds = values.map((_, index) => index);
  return decodePacket(encodePacket({ rounds, edges: 3, values })).values;
}

function expectSame(actual: unknown, expected: unknown): void {
  expect(difference(actual, expected)).toBeNull();
}

test('a gap that is not zero is refused', () => {
  const packet = encodePacket({ rounds: [0], edges: 0, values: [Uint8Array.of(1)] });
  packet[packet.length - 1] = 1;
  expect(() => readLayout(packet)).toThrow(PacketError);
});

test('an item does not depend on the items beside it', () => {
  const values = [1, 0.5, 2, 0.25, 3, 4, 5, 6, 7];
  const packet = encodePacket({ rounds: values.map((_, round) => round), edges: 0, values });
  const header = JSON.parse(new TextDecoder().decode(readLayout(packet).header));
  expect(header.values).toEqual(values);
  expect(header.refs.map((ref: { dtype: string }) => ref.dtype)).toEqual(['i64']);
});

describe('plain numbers of other languages', () => {
  function decodeValues(values: string): Value[] {
    const rounds = JSON.parse(`[${values}]`).map((_: unknown, index: number) => index);
    const header = new TextEncoder().encode(
      `{"rounds":${JSON.stringify(rounds)},"edges":0,"values":[${values}]}`,
    );
    return decodeParts({ header, buffers: [] }).values;
  }

  test.each([
    '9007199254740992',
    '-9007199254740993',
    '1, [123456789012345678901]',
    '{"\\"1": 18446744073709551616}',
  ])('integers that JSON bends are refused: %s', (values) => {
    expect(() => decodeValues(values)).toThrow(PacketError);
  });

  test.each(['1e999', '[-1e400]'])('so is what is beyond floats: %s', (values) => {
    expect(() => decodeValues(values)).toThrow(PacketError);
  });

  test('floats beyond 2^53 are good, also beside digits that are no integers', () => {
    const texts = ['1e300', '-1.5E+20', '12345678901234567.5', '0.12345678901234567', '9007199254740991'];
    expect(decodeValues(texts.join())).toEqual(texts.map(Number));
    expect(decodeValues('1e300, "99999999999999999"')).toEqual([1e300, '9'.repeat(17)]);
    expect(decodeValues('{"12345678901234567": 1e17}')).toEqual([{ '12345678901234567': 1e17 }]);
  });
});

describe('shared vectors', () => {
  const values = readVectors<{ name: string; value: unknown }[]>('values.json');

  test.each(values)('value: $name', ({ value }) => {
    const expected = fromJson(value);
    expectSame(roundTrip([expected])[0], expected);
    expectSame(fromJson(JSON.parse(JSON.stringify(toJson(expected)))), expected);
  });

  test.runIf(existsSync(`${root}tests/vectors/packets.json`))('golden packets', () => {
    const packets =
      readVectors<{ name: string; items: [number, number, unknown][]; packet: string }[]>('packets.json');
    expect(packets.length).toBeGreaterThan(0);
    for (const { name, items, packet } of packets) {
      const { rounds, edges, values: decoded } = decodePacket(Buffer.from(packet, 'base64'));
      expect([name, rounds]).toEqual([name, items.map(([round]) => round)]);
      expect([name, edges]).toEqual([name, items.map(([, edge]) => edge)]);
      const expected = items.map(([, , value]) => fromJson(value));
      expect([name, difference(decoded, expected)]).toEqual([name, null]);
    }
  });

  /** A packet with this header. */
  const given = (header: object, buffer: Uint8Array) => ({
    header: new TextEncoder().encode(JSON.stringify({ edges: 0, ...header })),
    buffers: [buffer],
  });

  test('many references to one buffer cost no more than one', () => {
    const count = 2000;
    const rounds = Array.from({ length: count }, (_, round) => round);
    const lists = { kind: 'list', dtype: 'f64', shape: [1 << 20], buffer: 0 };
    const values = rounds.map((round) => ({ $: round }));
    // Each of its own would take 16 GiB.
    const decoded = decodeParts(
      given({ rounds, values, refs: rounds.map(() => lists) }, new Uint8Array(8 << 20)),
    );
    expect(new Set(decoded.values).size).toBe(1);
    const audio = { kind: 'audio', sample_rate: 1, shape: [65_536, 0], buffer: 0 };
    const one = rounds.map(() => ({ $: 0 }));
    const silent = decodeParts(given({ rounds, values: one, refs: [audio] }, new Uint8Array(0)));
    expect(new Set(silent.values).size).toBe(1);
    const refs = rounds.map(() => audio);
    expect(() => decodeParts(given({ rounds, values, refs }, new Uint8Array(0)))).toThrow(PacketError);
  });

  test('a number of very many digits is refused at once', () => {
    const values = [{ $: '9'.repeat(20e6) }];
    expect(() => decodeParts(given({ rounds: [0], values }, new Uint8Array(0)))).toThrow(PacketError);
  });

  test.runIf(existsSync(`${root}tests/vectors/bad-packets.json`))('bad packets are refused', () => {
    const packets = readVectors<{ name: string; packet: string }[]>('bad-packets.json');
    expect(packets.length).toBeGreaterThan(0);
    const accepted = packets.filter(({ packet }) => {
      try {
        readPackets(Buffer.from(packet, 'base64')).map(decodeParts);
        return true;
      } catch (error) {
        expect(error).toBeInstanceOf(PacketError);
        return false;
      }
    });
    expect(accepted.map(({ name }) => name)).toEqual([]);
  });
});

describe('round trips', () => {
  test('any values', () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 20 }), (values) => {
        expectSame(roundTrip(values), values);
        const loose = encodeLoose({ rounds: values.map(() => 0), edges: values.map(() => 1), values });
        expectSame(decodeParts(loose).values, values);
      }),
      { numRuns: 500 },
    );
  });

  test('columns', () => {
    const columns = { rounds: [0, 0, 5, 2 ** 40], edges: [1, 2, 1, 2], values: [1, 'two', null, false] };
    const { borrowed, ...decoded } = decodePacket(encodePacket(columns));
    expect(decoded).toEqual(columns);
    expect(borrowed).toBe(false);
  });

  test('arrays are views into the packet, at any offset', () => {
    const tensor = new Tensor('f64', [2], new Float64Array([1, 2]));
    const packet = encodePacket({ rounds: [0], edges: 0, values: [{ deep: [tensor] }] });
    const shifted = new Uint8Array(packet.length + 3);
    shifted.set(packet, 3);
    expectSame(decodePacket(shifted.subarray(3)).values, [{ deep: [tensor] }]);
    const decoded = decodePacket(packet);
    expect(decoded.borrowed).toBe(true);
    const [value] = decoded.values as [{ deep: [Tensor] }];
    expect(value.deep[0].data.buffer).toBe(packet.buffer);
  });

  test('a gather list becomes the same packet', () => {
    const audio = new Audio([new Float32Array([1, 2]), new Float32Array([3, 4])], 8000, 0.5);
    const loose = encodeLoose({ rounds: [0], edges: 0, values: [audio] });
    const whole = encodePacket({ rounds: [0], edges: 0, values: [audio] });
    const target = new Uint8Array(2 * whole.length).fill(255);
    writeContiguous(loose, target);
    expect(target.subarray(0, whole.length)).toEqual(whole);
    target.set(whole, whole.length);
    expect(readPackets(target).map(({ buffers }) => buffers.length)).toEqual([1, 1]);
  });

  test('reused memory leaves nothing behind', () => {
    const dirty = new ArrayBuffer(4096);
    new Uint8Array(dirty).fill(255);
    const columns = { rounds: [0], edges: 0, values: [new Uint8Array([1])] };
    expect(encodePacket(columns, () => dirty)).toEqual(encodePacket(columns));
  });

  test('nesting up to the limit', () => {
    const nest = (levels: number): Value => {
      let value: Value = 1;
      for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { $: value };
      return value;
    };
    expectSame(roundTrip([nest(maxDepth)]), [nest(maxDepth)]);
    expect(() => roundTrip([nest(maxDepth + 1)])).toThrow(NodeError);
  });
});

describe('what cannot travel names its place', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  test.each([
    ['lone surrogate', { a: ['x', '\ud800'] }, '$.a[1]'],
    ['lone surrogate in a key', { '\udc00': 1 }, '$["\\udc00"]'],
    ['undefined', { a: undefined }, '$.a'],
    ['a hole', new Array(3), '$[0]'],
    ['a function', [() => 1], '$[0]'],
    ['a class', { when: new Date(0) }, '$.when'],
    ['a large integer', [2n ** 63n], '$[0]'],
    ['a symbol', Symbol('x'), '$'],
  ])('%s', (_, value, path) => {
    const error = thrownBy(() => encodePacket({ rounds: [7], edges: 0, values: [value as Value] }));
    expect(error).toMatchObject({ name: 'NodeError', code: 'unrepresentable_value', path, itemIndex: 7 });
  });

  const mono = [new Float32Array(2)];
  test.each([
    ['no channels', new Audio([], 8000), /1 to 65536 channels/],
    [
      'too many channels',
      new Audio(new Array(70_000).fill(new Float32Array(0)), 8000),
      /1 to 65536 channels/,
    ],
    ['a rate beyond 32 bits', new Audio(mono, 2 ** 40), /sample rate/],
    ['a timestamp that is NaN', new Audio(mono, 8000, Number.NaN), /timestamp/],
    ['an infinite timestamp', new Audio(mono, 8000, Number.POSITIVE_INFINITY), /timestamp/],
    ['audio in detached memory', detached(new Audio([new Float32Array(2), ...mono], 8000)), /detached/],
    ['a tensor in detached memory', detached(new Tensor('f32', [2], new Float32Array(2))), /detached/],
    ['bytes in detached memory', detached(new Uint8Array(2)), /detached/],
    ['an empty tensor in detached memory', detached(new Tensor('u8', [0], new Uint8Array(0))), /detached/],
  ])('%s', (_, value, message) => {
    for (const encode of [encodePacket, encodeLoose]) {
      const error = thrownBy(() => encode({ rounds: [7], edges: 0, values: [{ a: [value] }] }));
      const expected = { name: 'NodeError', code: 'unrepresentable_value', path: '$.a[0]', itemIndex: 7 };
      expect(error).toMatchObject(expected);
      expect(String(error)).toMatch(message);
    }
  });

  test('the largest rate and most channels travel, and so do empty arrays', () => {
    const channels = new Array<Float32Array>(65_536).fill(new Float32Array(0));
    const values = [new Audio(channels, 2 ** 32 - 1, -1e300), new Uint8Array(0)];
    expectSame(roundTrip(values), values);
  });

  test('a cycle', () => {
    expect(thrownBy(() => roundTrip([cyclic as Value]))).toMatchObject({ code: 'unrepresentable_value' });
  });
});

describe('what is no JSON form of a value names its place', () => {
  const audio = { sample_rate: 8000, channels: 1, data: '' };
  test.each([
    ['an empty number', { $number: '' }],
    ['a hexadecimal number', { $number: ' 0x10 ' }],
    ['a number with blanks', { $number: '1.5 ' }],
    ['a number out of range', { $number: '1e999' }],
    ['an integer beyond 64 bits', { $number: '9223372036854775808' }],
    ['a negative integer beyond 64 bits', { $number: '-9223372036854775809' }],
    ['a tensor with bytes left over', { $tensor: { dtype: 'f32', shape: [1], data: 'AAAAAAAAAA==' } }],
    ['a tensor of a strange shape', { $tensor: { dtype: 'u8', shape: [{ toString: 1 }], data: '' } }],
    ['audio without channels', { $audio: { ...audio, channels: 0 } }],
    ['audio of very many channels', { $audio: { ...audio, channels: 1e12 } }],
    ['audio at a rate beyond 32 bits', { $audio: { ...audio, sample_rate: 2 ** 40 } }],
    ['audio at no rate', { $audio: { ...audio, sample_rate: 0.5 } }],
    ['audio at no time', { $audio: { ...audio, timestamp: { $number: 'NaN' } } }],
    ['audio of half a sample', { $audio: { ...audio, data: 'AAA=' } }],
    ['audio whose number of channels is text', { $audio: { ...audio, channels: '1' } }],
    ['audio at a time in words', { $audio: { ...audio, timestamp: 'noon' } }],
    ['a number that is no text', { $number: 5 }],
    ['a tensor that is no object', { $tensor: [1] }],
    ['a tensor of no dtype', { $tensor: { dtype: 'f16', shape: [], data: '' } }],
    ['an unknown kind', { $complex: { re: 0, im: 1 } }],
    ['bytes that are no text', { $bytes: [0] }],
    ['bytes that are not base64', { $bytes: 'A' }],
    ['an object of a class', new Date(0)],
    ['a function', () => 0],
  ])('%s', (_, json) => {
    const error = thrownBy(() => fromJson({ a: [json] }));
    expect(error).toMatchObject({ name: 'RemoteMediaError', code: 'bad_value_json', path: '$.a[0]' });
  });

  test('every literal of packets is a number', () => {
    const literals = ['-9223372036854775808', '9223372036854775807', 'NaN', '-Infinity', '-0.0', '1.0e+300'];
    const numbers = [-(2n ** 63n), 2n ** 63n - 1n, Number.NaN, Number.NEGATIVE_INFINITY, -0, 1e300];
    expectSame(
      literals.map((literal) => fromJson({ $number: literal })),
      numbers,
    );
  });
});

describe('corruption', () => {
  const packet = encodePacket({
    rounds: [0, 1, 2],
    edges: 0,
    values: [
      { $: 1, list: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
      new Tensor('i16', [2, 2], new Int16Array([1, 2, 3, 4])),
      new Audio([new Float32Array(3)], 8000, -0),
    ],
  });

  test('every truncation', () => {
    for (let length = 0; length < packet.length; length++) {
      expect(thrownBy(() => decodePacket(packet.slice(0, length)))).toBeInstanceOf(PacketError);
    }
  });

  test('any changed byte gives a value or PacketError', () => {
    fc.assert(
      fc.property(fc.nat(packet.length - 1), fc.nat(255), (at, byte) => {
        const broken = packet.slice();
        broken[at] = byte;
        try {
          decodePacket(broken);
        } catch (error) {
          expect(error).toBeInstanceOf(PacketError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('lengths that overflow', () => {
    const broken = packet.slice();
    new DataView(broken.buffer).setUint32(12, 0xffffffff, true);
    expect(thrownBy(() => readLayout(broken))).toBeInstanceOf(PacketError);
  });
});

/** The value after its memory was transferred. */
function detached<T extends Uint8Array | Tensor | Audio>(value: T): T {
  const array =
    value instanceof Audio ? value.channels[0] : value instanceof Tensor ? value.data : (value as Uint8Array);
  structuredClone(null, { transfer: array ? [array.buffer as ArrayBuffer] : [] });
  return value;
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return null;
}
