/** Packets → values (docs/internals/packets.md). Arrays are views into the packet, not copies. */
import { PacketError } from './errors.js';
import { type Packet, readLayout } from './packet.js';
import {
  type ArrayOf,
  Audio,
  dtypeSize,
  isDType,
  maxDepth,
  shapeSize,
  Tensor,
  type Value,
  viewOf,
} from './values.js';

/** The items of a packet. */
export interface Decoded {
  readonly rounds: number[];
  /** As long as `rounds`. */
  readonly edges: number[];
  readonly values: Value[];
  /** Whether a value is a view into the packet's memory. */
  readonly borrowed: boolean;
}

type Fields = Record<string, unknown>;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const integerLiteral = /^-?\d+$/;
const jsonString = /"[^"\\]*(?:\\.[^"\\]*)*"/g;
const jsonNumber = /-?\d+(\.\d+)?([eE][+-]?\d+)?/g;
/** Channels without frames that a packet may hold beside those with some. */
const mostEmptyChannels = 2 ** 20;
/** Of an integer of 64 bits, with its sign. */
const mostDigits = 20;
const floatLiteral = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const named: Record<string, number> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** Decodes the packet that `bytes` starts with. Throws PacketError for anything that is not one. */
export function decodePacket(bytes: Uint8Array): Decoded {
  return decodeParts(readLayout(bytes));
}

/** Decodes a gather list. */
export function decodeParts(packet: Packet): Decoded {
  const header = parseHeader(packet.header);
  const reader = new Reader(refsOf(header), packet.buffers);
  const rounds = reader.column(header.rounds, 'rounds');
  const edges =
    typeof header.edges === 'number'
      ? new Array<number>(rounds.length).fill(index(header.edges, 'edges'))
      : reader.column(header.edges, 'edges');
  const values = reader.items(header.values);
  if (edges.length !== rounds.length || values.length !== rounds.length) {
    fail('the columns differ in length', 'values');
  }
  if (reader.sawHuge) refuseHugeIntegers(packet.header);
  return { rounds, edges, values, borrowed: reader.borrowed };
}

class Reader {
  borrowed = false;
  /** Whether a number is so large that it may have been an integer that JSON bends. */
  sawHuge = false;
  private readonly refs: readonly unknown[];
  private readonly buffers: readonly Uint8Array[];
  /** Lists and audio that were made: many values may be one of them, and each would take time and memory. */
  private readonly made = new Map<string, Value>();
  /** Channels that may still come: without frames they take no bytes. */
  private channels: number;

  constructor(refs: readonly unknown[], buffers: readonly Uint8Array[]) {
    this.refs = refs;
    this.buffers = buffers;
    this.channels = buffers.reduce((sum, { length }) => sum + length, mostEmptyChannels);
    // References that nothing names are read too, so that a bad one never passes.
    for (let number = 0; number < refs.length; number++) this.reference(number, true);
  }

  column(encoded: unknown, path: string): number[] {
    const list = this.value(encoded, path, 0);
    if (!Array.isArray(list)) return fail('not a list', path);
    return list.map((entry) => index(entry, path));
  }

  items(encoded: unknown): Value[] {
    if (Array.isArray(encoded)) return encoded.map((item) => this.value(item, 'values', 0));
    const list = this.value(encoded, 'values', 0);
    return Array.isArray(list) ? list : fail('not a list', 'values');
  }

  /** Decodes in place: the header was parsed for this packet alone. */
  value(encoded: unknown, path: string, depth: number): Value {
    if (typeof encoded === 'string') {
      return encoded.isWellFormed() ? encoded : fail('a lone surrogate', path);
    }
    if (typeof encoded === 'number') return this.number(encoded, path);
    if (typeof encoded !== 'object' || encoded === null) return encoded as Value;
    if (Array.isArray(encoded)) return this.inside(encoded, path, depth);
    return Object.hasOwn(encoded, '$')
      ? this.special(encoded as Fields, path, depth)
      : this.inside(encoded, path, depth);
  }

  private number(encoded: number, path: string): number {
    if (encoded > Number.MAX_SAFE_INTEGER || encoded < Number.MIN_SAFE_INTEGER) {
      if (!Number.isFinite(encoded)) fail('a number beyond floats', path);
      this.sawHuge = true;
    }
    return encoded;
  }

  private inside(encoded: object, path: string, depth: number): Value {
    if (depth >= maxDepth) fail(`nested deeper than ${maxDepth} levels`, path);
    const container = encoded as Record<string, unknown>;
    const isMap = !Array.isArray(encoded);
    for (const key of Object.keys(container)) {
      if (isMap && !key.isWellFormed()) fail('a lone surrogate in a key', path);
      // An own property, so that this writes it even where the key is `__proto__`.
      container[key] = this.value(container[key], path, depth + 1);
    }
    return encoded as Value;
  }

  private special(encoded: Fields, path: string, depth: number): Value {
    if (Object.keys(encoded).length !== 1) fail('an object with $ has another key', path);
    const content = encoded.$;
    if (typeof content === 'number') return this.reference(index(content, path));
    if (typeof content === 'string') return literal(content, path);
    if (
      typeof content !== 'object' ||
      content === null ||
      Array.isArray(content) ||
      !Object.hasOwn(content, '$')
    ) {
      return fail('not a form of $', path);
    }
    return this.inside(content, path, depth);
  }

  private reference(number: number, checkOnly = false): Value {
    const path = `refs[${number}]`;
    const ref = this.refs[number];
    if (!isFields(ref)) return fail('no such reference', path);
    switch (ref.kind) {
      case 'list':
        return this.list(ref, path, checkOnly);
      case 'bytes':
        this.borrowed ||= !checkOnly;
        return this.buffer(ref, path);
      case 'tensor':
        return this.tensor(ref, path, checkOnly);
      case 'audio':
        return this.audio(ref, path, checkOnly);
      default:
        return fail('unknown kind', `${path}.kind`);
    }
  }

  private list(ref: Fields, path: string, checkOnly: boolean): Value {
    if (ref.dtype !== 'i64' && ref.dtype !== 'f64') return fail('unknown dtype', `${path}.dtype`);
    const shape = shapeOf(ref, path);
    if (shape.length !== 1) fail('a list has one dimension', `${path}.shape`);
    const bytes = this.elements(ref, path, shape, 8);
    if (checkOnly) return [];
    const count = bytes.length / 8;
    const isFloat = ref.dtype === 'f64';
    return this.once(`${ref.dtype} ${ref.buffer}`, () =>
      isFloat ? Array.from(viewOf('f64', bytes, count)) : integers(viewOf('u32', bytes, count * 2)),
    );
  }

  private once(key: string, make: () => Value): Value {
    const made = this.made.get(key) ?? make();
    this.made.set(key, made);
    return made;
  }

  private tensor(ref: Fields, path: string, checkOnly: boolean): Value {
    const { dtype } = ref;
    if (!isDType(dtype)) return fail('unknown dtype', `${path}.dtype`);
    const shape = shapeOf(ref, path);
    const bytes = this.elements(ref, path, shape, dtypeSize(dtype));
    if (checkOnly) return null;
    this.borrowed = true;
    const data: ArrayOf = viewOf(dtype, bytes, bytes.length / dtypeSize(dtype));
    return new Tensor(dtype, shape, data);
  }

  private audio(ref: Fields, path: string, checkOnly: boolean): Value {
    const rate = index(ref.sample_rate, `${path}.sample_rate`);
    if (rate < 1 || rate > 0xffff_ffff) fail('out of range', `${path}.sample_rate`);
    const shape = shapeOf(ref, path);
    const [channels, frames] = shape;
    if (shape.length !== 2 || channels === undefined || frames === undefined) {
      return fail('audio has two dimensions', `${path}.shape`);
    }
    const timestamp = ref.timestamp === undefined ? null : this.timestamp(ref.timestamp, `${path}.timestamp`);
    const bytes = this.elements(ref, path, shape, 4);
    // Without frames a packet of a few bytes could claim any number of channels.
    if (channels < 1 || channels > 65_536) fail('not 1 to 65,536 channels', `${path}.shape`);
    if (checkOnly) return null;
    this.borrowed = true;
    return this.once(path, () => {
      this.channels -= channels;
      if (this.channels < 0) fail('too many channels without frames', `${path}.shape`);
      const samples = viewOf('f32', bytes, channels * frames);
      const plane = (_: unknown, k: number) => samples.subarray(k * frames, (k + 1) * frames);
      return new Audio(Array.from({ length: channels }, plane), rate, timestamp);
    });
  }

  private timestamp(encoded: unknown, path: string): number {
    // Not value(): a reference could lead back here.
    const isLiteral = isFields(encoded) && typeof encoded.$ === 'string';
    const seconds = isLiteral ? this.special(encoded, path, 0) : encoded;
    return typeof seconds === 'number' && Number.isFinite(seconds)
      ? seconds
      : fail('not a finite number', path);
  }

  private elements(ref: Fields, path: string, shape: readonly number[], size: number): Uint8Array {
    const bytes = this.buffer(ref, path);
    const count = shapeSize(shape);
    if (count === null || count * size !== bytes.length)
      fail('the shape does not fit the buffer', `${path}.shape`);
    return bytes;
  }

  private buffer(ref: Fields, path: string): Uint8Array {
    return this.buffers[index(ref.buffer, `${path}.buffer`)] ?? fail('no such buffer', `${path}.buffer`);
  }
}

function parseHeader(bytes: Uint8Array): Fields {
  let header: unknown;
  try {
    header = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error), 'header');
  }
  if (!isFields(header)) return fail('not an object', 'header');
  return header;
}

/** JSON gives no hint whether a number was an integer, so the text has to be looked at. */
function refuseHugeIntegers(header: Uint8Array): void {
  const text = utf8.decode(header).replace(jsonString, '""');
  for (const [number] of text.matchAll(jsonNumber)) {
    if (integerLiteral.test(number) && !Number.isSafeInteger(Number(number)))
      fail('a plain integer beyond ±(2^53 − 1)', 'values');
  }
}

function refsOf(header: Fields): readonly unknown[] {
  if (header.refs === undefined) return [];
  return Array.isArray(header.refs) ? header.refs : fail('not a list', 'refs');
}

function shapeOf(ref: Fields, path: string): number[] {
  const { shape } = ref;
  if (!Array.isArray(shape)) return fail('not a list', `${path}.shape`);
  return shape.map((dimension) => index(dimension, `${path}.shape`));
}

/** Numbers of 64-bit integers given as words; BigInt only beyond ±(2^53 − 1). */
function integers(words: Uint32Array): (number | bigint)[] {
  const list = new Array<number | bigint>(words.length / 2);
  for (let at = 0; at < list.length; at++) {
    const low = words[2 * at] ?? 0;
    const high = (words[2 * at + 1] ?? 0) | 0;
    const number = high * 0x1_0000_0000 + low;
    list[at] = Number.isSafeInteger(number) ? number : (BigInt(high) << 32n) | BigInt(low);
  }
  return list;
}

function literal(content: string, path: string): number | bigint {
  if (Object.hasOwn(named, content)) return named[content] ?? Number.NaN;
  // Long ones would take time.
  if (content.length <= mostDigits && integerLiteral.test(content)) {
    const integer = BigInt(content);
    if (BigInt.asIntN(64, integer) !== integer) fail('an integer beyond 64 bits', path);
    const number = Number(integer);
    return Number.isSafeInteger(number) ? number : integer;
  }
  const number = Number(content);
  return floatLiteral.test(content) && Number.isFinite(number) ? number : fail('not a form of $', path);
}

function index(value: unknown, path: string): number {
  return Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : fail('not an integer ≥ 0', path);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fail(message: string, path: string): never {
  throw new PacketError(`bad packet: ${message} (${path})`, { path });
}
