/**
 * The values that travel along connections: null, booleans, numbers (BigInt beyond ±2^53), strings, arrays,
 * plain objects, bytes, {@link Tensor} and {@link Audio}.
 */

/** Element type of a tensor. */
export type DType = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'i64' | 'f32' | 'f64' | 'bool';

const arrays = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  i64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
  bool: Uint8Array,
} as const;

/** The typed array that holds elements of a dtype; `bool` is 0 or 1 per byte. */
export type ArrayOf<D extends DType = DType> = InstanceType<(typeof arrays)[D]>;

/** Bytes per element. */
export function dtypeSize(dtype: DType): number {
  return arrays[dtype].BYTES_PER_ELEMENT;
}

/** Whether a word is a dtype. */
export function isDType(word: unknown): word is DType {
  return typeof word === 'string' && Object.hasOwn(arrays, word);
}

/** A view of `count` elements at `offset`, a copy only where the offset does not suit the element size. */
export function viewOf<D extends DType>(dtype: D, bytes: Uint8Array, count: number): ArrayOf<D> {
  const Class = arrays[dtype] as unknown as new (b: ArrayBufferLike, o: number, n: number) => ArrayOf<D>;
  if (bytes.byteOffset % dtypeSize(dtype) === 0) return new Class(bytes.buffer, bytes.byteOffset, count);
  return new Class(bytes.slice().buffer, 0, count);
}

/** Product of a shape; null if a dimension is not an integer ≥ 0 or the product is not exact. */
export function shapeSize(shape: readonly unknown[]): number | null {
  let size = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || (dimension as number) < 0) return null;
    size *= dimension as number;
  }
  return Number.isSafeInteger(size) ? size : null;
}

/** An array of any number of dimensions, row-major; shape `[]` is a single element. */
export class Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: ArrayOf<D>;

  /** Throws RangeError if `data` is not of the dtype's class or not as long as `shape` says. */
  constructor(dtype: D, shape: readonly number[], data: ArrayOf<D>) {
    if (!isDType(dtype)) throw new RangeError(`unknown dtype ${String(dtype)}`);
    if (!(data instanceof arrays[dtype])) {
      throw new RangeError(`a tensor of ${dtype} needs a ${arrays[dtype].name}`);
    }
    if (shapeSize(shape) !== data.length) {
      throw new RangeError(`shape [${shape.join(', ')}] does not hold ${data.length} elements`);
    }
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }
}

/** Audio: one Float32Array per channel, all equally long, nominal range [-1, 1]. */
export class Audio {
  /** Planar samples. */
  readonly channels: readonly Float32Array[];
  /** In hertz, an integer ≥ 1. */
  readonly sampleRate: number;
  /** Time of the first frame in seconds, null if unknown. */
  readonly timestamp: number | null;

  /** Throws RangeError if the rate is not a positive integer or the channels differ in length. */
  constructor(channels: readonly Float32Array[], sampleRate: number, timestamp: number | null = null) {
    if (!Number.isSafeInteger(sampleRate) || sampleRate < 1) {
      throw new RangeError(`sampleRate must be an integer ≥ 1, not ${sampleRate}`);
    }
    if (channels.some((channel) => channel.length !== channels[0]?.length)) {
      throw new RangeError('the channels differ in length');
    }
    this.channels = channels;
    this.sampleRate = sampleRate;
    this.timestamp = timestamp;
  }

  /** Frames: samples per channel. */
  get frames(): number {
    return this.channels[0]?.length ?? 0;
  }

  /** In seconds. */
  get duration(): number {
    return this.frames / this.sampleRate;
  }
}

/** Audio may have this many channels where it travels. */
const maxChannels = 65_536;

/** Why audio of these fields cannot travel (docs/internals/packets.md); null if it can. */
export function audioProblem(channels: number, sampleRate: number, timestamp: number | null): string | null {
  if (channels < 1 || channels > maxChannels)
    return `audio has 1 to ${maxChannels} channels, not ${channels}`;
  if (sampleRate > 0xffff_ffff) return `a sample rate of ${sampleRate} Hz is beyond 32 bits`;
  if (timestamp !== null && !Number.isFinite(timestamp)) return `the timestamp ${timestamp} is not finite`;
  return null;
}

/** Whether memory is gone: transferred to another thread, or replaced when WebAssembly memory grew. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer); // throws then; `detached` is not in every engine yet
    return false;
  } catch {
    return true;
  }
}

/** Anything that can travel along a connection. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Tensor
  | Audio
  | readonly Value[]
  | { readonly [key: string]: Value };

/** How deep values may nest. */
export const maxDepth = 128;

/** Whether a value is an object made by a literal or `Object.create(null)`. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // The second test lets objects of another realm (a frame, a vm context) pass.
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** A path with one more key: `$.a["the key"]`. */
export function pathKey(path: string, key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
