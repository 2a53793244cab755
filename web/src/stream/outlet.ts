/** Hands results to the consumer of a stream, one by one or in lists. */
import type { RemoteMediaError } from '../errors.js';
import type { Decoded } from '../packet-decode.js';
import type { StreamBatch, StreamItem } from '../pipeline-stream.js';
import type { Value } from '../values.js';
import type { PlanSummary } from '../worker/protocol.js';
import type { Delivery } from '../worker/session.js';

/** Results that arrived together. */
interface Chunk<T> {
  readonly length: number;
  at(index: number): T;
  /** Called when the last one is taken. */
  readonly taken: (() => void) | null;
}

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: RemoteMediaError): void;
}

/** A queue between a run and `next()`: results in order, then the end, or one error and the end. */
export class Outlet<T extends StreamItem | StreamBatch> {
  private readonly batched: boolean;
  /** Ids of sinks by edge. */
  private readonly sinks: string[] = [];
  private readonly queue: Chunk<T>[] = [];
  private current: Chunk<T> | null = null;
  private index = 0;
  private readonly waiters: Waiter<T>[] = [];
  private isEnded = false;
  private error: RemoteMediaError | null = null;

  constructor(batched: boolean) {
    this.batched = batched;
  }

  /** The run has a plan. */
  begin(plan: PlanSummary): void {
    for (const { edge, node } of plan.outputs) this.sinks[edge] = node;
  }

  /** Results have come. */
  add({ packets, isFlush, taken }: Delivery): void {
    const full = packets.filter(({ values }) => values.length > 0);
    if (this.isEnded || full.length === 0) {
      taken();
      return;
    }
    const chunk = this.batched ? this.lists(full, isFlush, taken) : this.items(full, isFlush, taken);
    if (this.current) this.queue.push(chunk);
    else this.current = chunk;
    while (this.current && this.waiters.length > 0) {
      const result = { done: false as const, value: this.take(this.current) };
      this.waiters.shift()?.resolve(result);
    }
  }

  /** The run has ended; what is here can still be taken, then comes `error`. */
  end(error: RemoteMediaError | null): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.error = error;
    for (const { resolve, reject } of this.waiters.splice(0)) {
      if (this.error) reject(this.error);
      else resolve({ done: true, value: undefined });
      this.error = null;
    }
  }

  /** Drops what is here and what will come: nobody wants it. */
  discard(error: RemoteMediaError | null = null): void {
    this.queue.length = 0;
    this.current = null;
    this.end(error);
    this.error = error && this.error;
  }

  /** The next result. Calls that wait get theirs in the order of the calls. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.current) return Promise.resolve({ done: false, value: this.take(this.current) });
    const { error } = this;
    if (!this.isEnded) return new Promise((resolve, reject) => this.waiters.push({ resolve, reject }));
    this.error = null;
    return error ? Promise.reject(error) : Promise.resolve({ done: true, value: undefined });
  }

  private take(chunk: Chunk<T>): T {
    const value = chunk.at(this.index++);
    if (this.index === chunk.length) {
      this.index = 0;
      this.current = this.queue.shift() ?? null;
      chunk.taken?.();
    }
    return value;
  }

  private items(packets: readonly Decoded[], isFlush: boolean, taken: () => void): Chunk<T> {
    const { rounds, edges, values } = merged(packets);
    const { sinks } = this;
    const at = (index: number): StreamItem => ({
      sink: sinks[edges[index] as number] as string,
      item: values[index] as Value,
      round: isFlush ? null : (rounds[index] as number),
    });
    return { length: values.length, at: at as (index: number) => T, taken };
  }

  private lists(packets: readonly Decoded[], isFlush: boolean, taken: () => void): Chunk<T> {
    const bySink = new Map<string, { items: Value[]; rounds: (number | null)[] }>();
    for (const { rounds, edges, values } of packets) {
      const [edge] = edges;
      // Mostly a packet belongs to one sink, and its columns can be handed out as they are.
      if (edges.every((other) => other === edge) && !bySink.has(this.sinkOf(edge))) {
        bySink.set(this.sinkOf(edge), { items: values, rounds });
        continue;
      }
      for (const [index, value] of values.entries()) {
        const sink = this.sinkOf(edges[index]);
        const list = bySink.get(sink) ?? { items: [], rounds: [] };
        bySink.set(sink, list);
        list.items.push(value);
        list.rounds.push(rounds[index] ?? null);
      }
    }
    const batches = [...bySink].map(([sink, { items, rounds }]): StreamBatch => {
      return { sink, items, rounds: isFlush ? items.map(() => null) : rounds };
    });
    return { length: batches.length, at: (index) => batches[index] as T, taken };
  }

  private sinkOf(edge: number | undefined): string {
    return this.sinks[edge ?? -1] ?? '';
  }
}

/** The items of all packets by round, and in a round sink by sink, so that the order does not depend on batches. */
function merged(packets: readonly Decoded[]): Omit<Decoded, 'borrowed'> {
  const [first] = packets;
  const isOneSink = (edges: readonly number[]) => edges.every((edge) => edge === edges[0]);
  if (first && packets.length === 1 && isOneSink(first.edges)) return first;
  const all = packets.flatMap(({ rounds, edges, values }) =>
    values.map((value, index) => ({ round: rounds[index] ?? 0, edge: edges[index] ?? 0, value })),
  );
  all.sort((a, b) => a.round - b.round || a.edge - b.edge);
  return {
    rounds: all.map(({ round }) => round),
    edges: all.map(({ edge }) => edge),
    values: all.map(({ value }) => value),
  };
}
