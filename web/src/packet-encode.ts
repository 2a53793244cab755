/** Values → packets (docs/internals/packets.md). */
import { NodeError } from './errors.js';
import { contiguousSize, type Packet, writeLayout } from './packet.js';
import {
  Audio,
  audioProblem,
  isDetached,
  isPlainObject,
  maxDepth,
  pathKey,
  shapeSize,
  Tensor,
  type Value,
} from './values.js';

/** A batch of items in columns. `edges` is one number when all items share it. */
export interface Columns {
  readonly rounds: readonly number[];
  readonly edges: number | readonly number[];
  readonly values: readonly Value[];
}

/** JSON as it stands in a header. */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The content of one buffer, copied only once, into the packet. */
interface Part {
  readonly length: number;
  readonly write: (target: Uint8Array, offset: number) => void;
  /** The content, if it stands in memory as it is. */
  readonly source?: Uint8Array;
}

const encoder = new TextEncoder();
const listThreshold = 8;
const i64Min = -(2n ** 63n);
const i64Max = 2n ** 63n - 1n;

/**
 * Encodes a batch as one contiguous packet, in memory that `allocate` gives (at least as many bytes as asked for).
 * Throws NodeError `unrepresentable_value` with the path into the item and its round.
 */
export function encodePacket(
  columns: Columns,
  allocate: (bytes: number) => ArrayBuffer = (bytes) => new ArrayBuffer(bytes),
): Uint8Array<ArrayBuffer> {
  const { header, parts } = encodeColumns(columns);
  const lengths = parts.map((part) => part.length);
  const bytes = new Uint8Array(allocate(contiguousSize(header.length, lengths)));
  const packet = bytes.subarray(0, contiguousSize(header.length, lengths));
  const offsets = writeLayout(packet, header, lengths);
  parts.forEach((part, index) => {
    part.write(packet, offsets[index] ?? 0);
  });
  return packet;
}

/** Encodes a batch as a gather list whose arrays are the values' own memory where that is possible. */
export function encodeLoose(columns: Columns): Packet {
  const { header, parts } = encodeColumns(columns);
  const buffers = parts.map(({ length, source, write }) => {
    if (source) return source;
    const written = new Uint8Array(length);
    write(written, 0);
    return written;
  });
  return { header, buffers };
}

function encodeColumns(columns: Columns): { header: Uint8Array; parts: readonly Part[] } {
  const writer = new Writer();
  const rounds = writer.list(columns.rounds, '$', 1);
  const edges = typeof columns.edges === 'number' ? columns.edges : writer.list(columns.edges, '$', 1);
  const values = writer.items(columns.values, columns.rounds);
  const header = encoder.encode(JSON.stringify({ rounds, edges, values, refs: writer.refs }));
  return { header, parts: writer.parts };
}

class Writer {
  readonly refs: Json[] = [];
  readonly parts: Part[] = [];

  /** The column of items, each of which starts a path and a nesting of its own. */
  items(values: readonly Value[], rounds: readonly number[]): Json {
    // What an item becomes must not depend on the items beside it: an integer among floats stays one.
    const mixed = values.some(isInteger) && !values.every(isInteger);
    const reference = mixed ? null : this.numbers(values);
    if (reference) return reference;
    return values.map((value, index) => {
      try {
        return this.value(value, '$', 0);
      } catch (error) {
        const itemIndex = rounds[index] ?? null;
        throw new NodeError(...refusal(error, itemIndex));
      }
    });
  }

  value(value: unknown, path: string, depth: number): Json {
    switch (typeof value) {
      case 'boolean':
        return value;
      case 'number':
        return encodeNumber(value);
      case 'string':
        return text(value, path);
      case 'bigint':
        return encodeBigInt(value, path);
      case 'object':
        return value === null ? null : this.object(value, path, depth + 1);
      default:
        return refuse(`a value of type ${typeof value} cannot travel`, path);
    }
  }

  list(values: readonly unknown[], path: string, depth: number): Json {
    const reference = this.numbers(values);
    if (reference) return reference;
    // Not map(): it would skip holes.
    return Array.from(values, (value, index) => this.value(value, `${path}[${index}]`, depth));
  }

  private object(value: object, path: string, depth: number): Json {
    if (depth > maxDepth) refuse(`nested deeper than ${maxDepth} levels`, path);
    if (Array.isArray(value)) return this.list(value, path, depth);
    if (value instanceof Uint8Array) return this.reference({ kind: 'bytes' }, bytesPart([value], path));
    if (value instanceof Tensor) return this.tensor(value, path);
    if (value instanceof Audio) return this.audio(value, path);
    if (isPlainObject(value)) return this.map(value, path, depth);
    return refuse(`an object of class ${value.constructor?.name ?? '?'} cannot travel`, path);
  }

  private tensor({ dtype, shape, data }: Tensor, path: string): Json {
    const part = bytesPart([data], path);
    if (shapeSize(shape) !== data.length) refuse('the shape of a tensor does not fit its data', path);
    return this.reference({ kind: 'tensor', dtype, shape: [...shape] }, part);
  }

  private audio({ channels, frames, sampleRate, timestamp }: Audio, path: string): Json {
    const problem = audioProblem(channels.length, sampleRate, timestamp);
    if (problem) refuse(problem, path);
    const part = bytesPart(channels, path);
    if (channels.some(({ length }) => length !== frames)) refuse('the channels differ in length', path);
    const fields: { [key: string]: Json } = {
      kind: 'audio',
      sample_rate: sampleRate,
      shape: [channels.length, frames],
    };
    if (timestamp !== null) fields.timestamp = encodeNumber(timestamp);
    return this.reference(fields, part);
  }

  private map(value: Record<string, unknown>, path: string, depth: number): Json {
    // fromEntries defines properties, so `__proto__` is a key like any other.
    const encoded = Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        const innerPath = pathKey(path, key);
        return [text(key, innerPath), this.value(inner, innerPath, depth)];
      }),
    );
    return Object.hasOwn(value, '$') ? { $: encoded } : encoded;
  }

  /** A reference of kind list, if `values` are enough numbers of one kind. */
  private numbers(values: readonly unknown[]): Json | null {
    if (values.length < listThreshold) return null;
    const dtype = commonDType(values);
    if (dtype === null) return null;
    const part = dtype === 'i64' ? i64Part(values as (number | bigint)[]) : f64Part(values as number[]);
    return this.reference({ kind: 'list', dtype, shape: [values.length] }, part);
  }

  private reference(fields: { [key: string]: Json }, part: Part): Json {
    fields.buffer = this.parts.push(part) - 1;
    return { $: this.refs.push(fields) - 1 };
  }
}

/** i64 if all are integers, f64 if all are numbers, else null. */
function commonDType(values: readonly unknown[]): 'i64' | 'f64' | null {
  let integers = true;
  let bigints = false;
  for (const value of values) {
    if (typeof value === 'bigint') {
      if (value < i64Min || value > i64Max) return null;
      bigints = true;
    } else if (typeof value !== 'number') return null;
    else if (integers && !isInteger(value)) integers = false;
  }
  if (integers) return 'i64';
  return bigints ? null : 'f64';
}

/** Whether a value travels as an integer by itself. */
function isInteger(value: unknown): boolean {
  return typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0));
}

function encodeNumber(value: number): Json {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? { $: '-0.0' } : value;
  if (Number.isFinite(value) && !Number.isInteger(value)) return value;
  const literal = String(value);
  return { $: /^-?\d+$/.test(literal) ? `${literal}.0` : literal };
}

function encodeBigInt(value: bigint, path: string): Json {
  if (value < i64Min || value > i64Max) return refuse('an integer beyond 64 bits cannot travel', path);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : { $: String(value) };
}

function text(value: string, path: string): string {
  return value.isWellFormed() ? value : refuse('a string with a lone surrogate cannot travel', path);
}

/** The error of an item; also of one whose own code, such as a getter, threw. */
function refusal(error: unknown, itemIndex: number | null): ConstructorParameters<typeof NodeError> {
  if (error instanceof NodeError) return [error.message, { code: error.code, path: error.path, itemIndex }];
  const details = { code: 'unrepresentable_value', path: '$', itemIndex, cause: error };
  return [`an object cannot be read: ${String(error)} (at $)`, details];
}

function refuse(message: string, path: string): never {
  throw new NodeError(`${message} (at ${path})`, { code: 'unrepresentable_value', path });
}

function bytesPart(arrays: readonly ArrayBufferView[], path: string): Part {
  if (arrays.some(({ buffer }) => isDetached(buffer))) {
    refuse('the memory of an array is detached: it was transferred, or has grown', path);
  }
  const [only] = arrays;
  const isOne = arrays.length === 1 && only !== undefined;
  return {
    ...(isOne ? { source: new Uint8Array(only.buffer, only.byteOffset, only.byteLength) } : {}),
    length: arrays.reduce((sum, array) => sum + array.byteLength, 0),
    write(target, offset) {
      for (const { buffer, byteOffset, byteLength } of arrays) {
        target.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
        offset += byteLength;
      }
    },
  };
}

function f64Part(values: readonly number[]): Part {
  return {
    length: values.length * 8,
    write(target, offset) {
      new Float64Array(target.buffer, target.byteOffset + offset, values.length).set(values);
    },
  };
}

/** Written as pairs of 32-bit words: BigInt arithmetic is slow. */
function i64Part(values: readonly (number | bigint)[]): Part {
  return {
    length: values.length * 8,
    write(target, offset) {
      const words = new Uint32Array(target.buffer, target.byteOffset + offset, values.length * 2);
      let at = 0;
      for (const value of values) {
        if (typeof value === 'number') {
          words[at] = value; // modulo 2^32
          words[at + 1] = Math.floor(value / 0x1_0000_0000);
        } else {
          words[at] = Number(BigInt.asUintN(32, value));
          words[at + 1] = Number(BigInt.asUintN(32, value >> 32n));
        }
        at += 2;
      }
    },
  };
}
