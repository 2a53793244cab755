/** What can be given to a pipeline: lists, single items, and streams. */
import type { Input } from './manifest.js';
import type { Value } from './values.js';

/** A stream of items. A MediaStreamTrack of audio gives chunks of Audio (browsers only). */
export type StreamInput = AsyncIterable<Value> | Iterable<Value> | ReadableStream<Value> | MediaStreamTrack;

/** Input of a run or of one source: a list is items, a stream is items as they come, anything else is one item. */
export type AnyInput = Input | StreamInput;

/** What to do when items come faster than they are processed (docs/streams.md). */
export type LivePolicy = 'block' | 'drop_oldest' | 'latest';

/** How input is given and taken. */
export interface InputOptions {
  /** Input of single sources, by node id; what `input` gives goes to the other ones. */
  sources?: Record<string, AnyInput>;
  /** For all sources, or by node id. By default `block`, for a MediaStreamTrack `drop_oldest`. */
  live?: LivePolicy | Record<string, LivePolicy>;
  /** Length of the chunks of a MediaStreamTrack, in milliseconds; 20 by default. */
  chunkMs?: number;
}

/** Whether an input is a stream. */
export function isStream(input: AnyInput | undefined): input is StreamInput {
  if (typeof input !== 'object' || input === null || Array.isArray(input) || ArrayBuffer.isView(input)) {
    return false;
  }
  return isTrack(input) || 'getReader' in input || Symbol.asyncIterator in input || Symbol.iterator in input;
}

/** Whether an input is a MediaStreamTrack; told by its shape, because Node.js has no such class. */
export function isTrack(input: object): input is MediaStreamTrack {
  return typeof (input as Partial<MediaStreamTrack>).getSettings === 'function' && 'readyState' in input;
}

/** An input that is no stream, as a list. */
export function toItems(input: Input | undefined): readonly Value[] {
  if (input === undefined) return [];
  return Array.isArray(input) ? input : [input as Value];
}
