/** Brings items of inputs into the intake, as fast as they come or as there is room. */
import { CapabilityError } from '../errors.js';
import { isTrack, type StreamInput } from '../input.js';
import { nodeBuiltin } from '../node.js';
import type { Value } from '../values.js';
import type { Feed, Intake } from './intake.js';

/** A stream that is being read. */
export interface Puller {
  /** Lets go of the stream. Resolves when that is done, or at once if the stream is not ready to hear of it. */
  close(): Promise<void>;
}

/** Settings of a capture. */
export interface CaptureOptions {
  readonly chunkMs: number;
  /** URL of the worklet's script, if it is not next to the library. */
  readonly worklet: string | undefined;
}

interface Stream {
  next(): IteratorResult<Value> | Promise<IteratorResult<Value>>;
  return?(): unknown;
}

/** A list and where its items go. */
export interface ListFeed {
  readonly feed: Feed;
  readonly items: readonly Value[];
}

/** Starts to read a stream. */
export function pull(input: StreamInput, feed: Feed, intake: Intake, capture: CaptureOptions): Puller {
  let stream: Stream | null = null;
  let isPending = false;

  async function read(): Promise<void> {
    stream = await open(input, capture);
    if (intake.stopped) await close();
    while (!intake.stopped) {
      let result = stream.next();
      if (result instanceof Promise || 'then' in result) {
        isPending = true;
        result = await result;
        isPending = false;
      }
      if (intake.stopped) return;
      if (result.done) {
        stream = null;
        return;
      }
      if (!intake.add(feed, result.value)) await intake.room(feed);
    }
  }

  async function close(): Promise<void> {
    const closed = Promise.resolve(stream?.return?.()).catch(() => {});
    // A generator that waits for something cannot end before that comes.
    if (!isPending || !isGenerator(input)) await closed;
  }

  intake.begin();
  read().then(
    () => intake.end(),
    (error) => {
      stream = null; // a stream that failed has ended
      intake.end(error ?? new Error('the source failed'));
    },
  );
  return { close };
}

/** Adds lists: round k has item k of every list that has one. */
export function pullLists(lists: readonly ListFeed[], intake: Intake): Puller {
  const rounds = Math.max(...lists.map(({ items }) => items.length));
  async function read(): Promise<void> {
    for (let round = 0; round < rounds && !intake.stopped; round++) {
      let isFull = false;
      let joins = false;
      for (const { feed, items } of lists) {
        if (round >= items.length) continue;
        isFull = !intake.add(feed, items[round] as Value, joins);
        joins = true;
      }
      if (isFull && lists[0]) await intake.room(lists[0].feed);
    }
  }
  intake.begin();
  read().then(() => intake.end());
  return { async close() {} };
}

async function open(input: StreamInput, capture: CaptureOptions): Promise<Stream> {
  if (isTrack(input)) {
    if (nodeBuiltin('worker_threads')) throw new CapabilityError('Node.js cannot capture a MediaStreamTrack');
    const { captureTrack } = await import('./track.js');
    return captureTrack(input, capture);
  }
  if ('getReader' in input) return readerOf(input);
  if (Symbol.asyncIterator in input) return input[Symbol.asyncIterator]();
  return input[Symbol.iterator]();
}

function readerOf(stream: ReadableStream<Value>): Stream {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<Value>>,
    return: () => reader.cancel(),
  };
}

function isGenerator(input: StreamInput): boolean {
  return !isTrack(input) && !('getReader' in input);
}
