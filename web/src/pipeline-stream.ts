/** What `stream` gives: results as they come. */
import { asError } from './errors.js';
import type { RunReport } from './run-result.js';
import type { Outlet } from './stream/outlet.js';
import type { Value } from './values.js';

/** A result. */
export interface StreamItem {
  /** Id of the sink's node. */
  sink: string;
  item: Value;
  /** Index of the input item that it comes from; null for what `flush` gave at the end. */
  round: number | null;
}

/** Results of one sink that came together. */
export interface StreamBatch {
  sink: string;
  items: Value[];
  /** As long as `items`. */
  rounds: (number | null)[];
}

/** Runs with results going into an outlet, which is still being loaded; rejects with the error of the run. */
type Start<T extends StreamItem | StreamBatch> = (
  outlet: Promise<Outlet<T>>,
  stream: {
    signal: AbortSignal;
    dropped: Record<string, number>;
    closing(closed: Promise<unknown>): void;
  },
) => Promise<RunReport>;

/**
 * Results of a running pipeline. The run starts at once (or when the runner is free) and goes as far ahead as a few batches.
 * Leaving the loop ends the run; a stream that is neither read to its end nor left keeps the runner busy.
 */
export class PipelineStream<T extends StreamItem | StreamBatch = StreamItem>
  implements AsyncIterableIterator<T, undefined>
{
  /** What is known at the end; rejects with the error of the run, CancelledError if the consumer left early. */
  readonly result: Promise<RunReport>;
  /** Items that were dropped so far, by source; see the option `live`. */
  readonly dropped: Record<string, number> = {};
  private readonly control = new AbortController();
  private readonly loading: Promise<Outlet<T>>;
  private outlet: Outlet<T> | null = null;
  private sourcesClosed: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(start: Start<T>, batched: boolean, caller?: AbortSignal) {
    const { control, dropped } = this;
    this.loading = import('./stream/outlet.js').then(({ Outlet }) => {
      this.outlet = new Outlet<T>(batched);
      return this.outlet;
    });
    const abort = () => control.abort(caller?.reason);
    caller?.addEventListener('abort', abort, { once: true });
    if (caller?.aborted) abort();
    const closing = (closed: Promise<unknown>) => {
      this.sourcesClosed = closed;
    };
    this.result = start(this.loading, { signal: control.signal, dropped, closing });
    this.result
      .then(
        () => this.outlet?.end(null),
        async (error) => (await this.loading).end(asError(error)),
      )
      .catch(() => {}) // without an outlet `next` rejects by itself
      .finally(() => caller?.removeEventListener('abort', abort));
  }

  /** The next result. Several calls may wait; they get theirs in order. */
  next(): Promise<IteratorResult<T, undefined>> {
    return this.outlet ? this.outlet.next() : this.loading.then((outlet) => outlet.next());
  }

  /** Ends the run. Resolves when its nodes and its source are closed. */
  async return(): Promise<IteratorResult<T, undefined>> {
    const outlet = await this.loading;
    outlet.discard();
    this.control.abort();
    await this.result.catch(() => {});
    await this.sourcesClosed;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
