/**
 * The JSON form of values, for files and command lines (docs/internals/packets.md, last section):
 * `{"$bytes"}`, `{"$tensor"}`, `{"$audio"}`, `{"$number"}`, `{"$map"}`.
 */
import { RemoteMediaError } from './errors.js';
import {
  type ArrayOf,
  Audio,
  audioProblem,
  dtypeSize,
  isDType,
  isPlainObject,
  pathKey,
  shapeSize,
  Tensor,
  type Value,
  viewOf,
} from './values.js';

/** A value as JSON that every language reads back as the same value. */
export function toJson(value: Value): unknown {
  if (typeof value === 'number') return numberToJson(value);
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : { $number: String(value) };
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Value) => toJson(item));
  if (value instanceof Uint8Array) return { $bytes: toBase64(value) };
  if (value instanceof Tensor) {
    return {
      $tensor: { dtype: value.dtype, shape: [...value.shape], data: toBase64(bytesOf([value.data])) },
    };
  }
  if (value instanceof Audio) return { $audio: audioToJson(value) };
  const entries = Object.entries(value).map(([key, inner]) => [key, toJson(inner as Value)] as const);
  const json = Object.fromEntries(entries);
  return entries.length === 1 && entries[0]?.[0].startsWith('$') ? { $map: json } : json;
}

/** The value of its JSON form. Throws RemoteMediaError `bad_value_json` with a path. */
export function fromJson(json: unknown, path = '$'): Value {
  if (typeof json !== 'object' || json === null) {
    return ['string', 'number', 'boolean'].includes(typeof json) || json === null
      ? (json as Value)
      : refuse('not JSON', path);
  }
  if (Array.isArray(json)) return json.map((item, index) => fromJson(item, `${path}[${index}]`));
  if (!isPlainObject(json)) return refuse('not JSON', path);
  const keys = Object.keys(json);
  if (keys.length === 1 && keys[0]?.startsWith('$')) return special(keys[0], json[keys[0]], path);
  return mapFromJson(json, path);
}

function mapFromJson(json: Record<string, unknown>, path: string): Value {
  return Object.fromEntries(
    Object.entries(json).map(([key, item]) => [key, fromJson(item, pathKey(path, key))]),
  );
}

function special(kind: string, content: unknown, path: string): Value {
  if (kind === '$bytes') return fromBase64(content, path);
  if (kind === '$number') return numberFromJson(content, path);
  if (!isPlainObject(content)) return refuse(`not a value of kind ${kind}`, path);
  if (kind === '$map') return mapFromJson(content, path);
  if (kind === '$tensor') return tensorFromJson(content, path);
  if (kind === '$audio') return audioFromJson(content, path);
  return refuse(`unknown kind ${kind}`, path);
}

function tensorFromJson({ dtype, shape, data }: Record<string, unknown>, path: string): Tensor {
  const bytes = fromBase64(data, path);
  if (!isDType(dtype) || !Array.isArray(shape)) return refuse('not a tensor', path);
  const count = shapeSize(shape);
  if (count === null || count * dtypeSize(dtype) !== bytes.length) {
    return refuse(`${bytes.length} bytes do not fit the shape ${JSON.stringify(shape)} of ${dtype}`, path);
  }
  return new Tensor(dtype, shape as number[], viewOf(dtype, bytes, count) as ArrayOf);
}

function audioFromJson(json: Record<string, unknown>, path: string): Audio {
  const { sample_rate: rate, channels, timestamp, data } = json;
  const bytes = fromBase64(data, path);
  if (typeof rate !== 'number' || !Number.isSafeInteger(channels)) return refuse('not audio', path);
  const time = timestamp === undefined ? null : fromJson(timestamp, path);
  if (time !== null && typeof time !== 'number') return refuse('the timestamp is not a number', path);
  const count = channels as number;
  const problem = audioProblem(count, rate, time);
  if (problem) return refuse(problem, path);
  const frames = bytes.length / 4 / count;
  if (!Number.isInteger(frames)) return refuse('the data do not divide into channels', path);
  const samples = viewOf('f32', bytes, frames * count);
  const planes = Array.from({ length: count }, (_, k) => samples.subarray(k * frames, (k + 1) * frames));
  return guard(path, () => new Audio(planes, rate, time));
}

function audioToJson({ sampleRate, channels, timestamp }: Audio): unknown {
  return {
    sample_rate: sampleRate,
    channels: channels.length,
    ...(timestamp === null ? {} : { timestamp: numberToJson(timestamp) }),
    data: toBase64(bytesOf(channels)),
  };
}

function numberToJson(value: number): unknown {
  if (Object.is(value, -0)) return { $number: '-0.0' };
  if (Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value))) return value;
  const literal = String(value);
  return { $number: /^-?\d+$/.test(literal) ? `${literal}.0` : literal };
}

function numberFromJson(content: unknown, path: string): number | bigint {
  if (typeof content !== 'string') return refuse('$number needs a string', path);
  if (/^-?\d+$/.test(content)) {
    const integer = BigInt(content);
    if (BigInt.asIntN(64, integer) !== integer) return refuse('an integer beyond 64 bits', path);
    return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
  }
  if (/^(NaN|-?Infinity)$/.test(content)) return Number(content);
  const number = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(content) ? Number(content) : Number.NaN;
  return Number.isFinite(number) ? number : refuse('not a number', path);
}

function bytesOf(arrays: readonly ArrayBufferView[]): Uint8Array {
  const bytes = new Uint8Array(arrays.reduce((sum, array) => sum + array.byteLength, 0));
  let offset = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
    offset += byteLength;
  }
  return bytes;
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let offset = 0; offset < bytes.length; offset += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(offset, offset + 0x8000));
  }
  return btoa(text);
}

function fromBase64(content: unknown, path: string): Uint8Array {
  if (typeof content !== 'string') return refuse('base64 expected', path);
  try {
    return Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  } catch {
    return refuse('not base64', path);
  }
}

function guard<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), path);
  }
}

function refuse(message: string, path: string): never {
  throw new RemoteMediaError(`${message} (at ${path})`, { code: 'bad_value_json', path });
}
