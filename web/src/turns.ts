/** Calls that wait for their turn: one at a time, in order. */
import { cancelled } from './cancelled.js';
import type { ClosedError, RemoteMediaError } from './errors.js';

/** A queue of calls. */
export class Turns {
  private readonly waiting = new Set<{ reject: (error: RemoteMediaError) => void }>();
  private tail: Promise<void> = Promise.resolve();
  private closed: ClosedError | null = null;

  /** Does `work` when all calls before have ended, unless the call is cancelled or the queue closed meanwhile. */
  take<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(this.closed);
    if (signal?.aborted) return Promise.reject(cancelled(signal));
    return new Promise((resolve, reject) => {
      const waiting = { reject };
      const abort = () => this.waiting.delete(waiting) && reject(cancelled(signal));
      signal?.addEventListener('abort', abort, { once: true });
      this.waiting.add(waiting);
      this.tail = this.tail.then(async () => {
        signal?.removeEventListener('abort', abort);
        if (!this.waiting.delete(waiting)) return;
        await work().then(resolve, reject);
      });
    });
  }

  /** Rejects all that wait and all that will come. The call under way is not touched. */
  close(reason: ClosedError): void {
    this.closed = reason;
    for (const { reject } of this.waiting) reject(reason);
    this.waiting.clear();
  }

  /** Resolves when the last call has ended. */
  idle(): Promise<void> {
    return this.tail;
  }
}
