/** The circuit breaker of a node (docs/internals/plan.md). */
import type { Circuit } from '../worker/protocol.js';

const threshold = 5;
const openMs = 30_000;

/** Counts failed calls in a row; after five the node is not called for 30 seconds, then one call is tried. */
export class CircuitBreaker {
  private failures: number;
  private closedAgain: number;

  /** Goes on from the state of an earlier run. */
  constructor(earlier?: Circuit) {
    this.failures = earlier?.failures ?? 0;
    this.closedAgain = performance.now() + (earlier?.wait_ms ?? 0);
  }

  /** Milliseconds for which the node is not to be called; 0 if it may be. */
  get waitMs(): number {
    return this.failures < threshold ? 0 : Math.max(0, this.closedAgain - performance.now());
  }

  succeeded(): void {
    this.failures = 0;
  }

  /** Counts a call that failed for good. */
  failed(): void {
    if (++this.failures >= threshold) this.closedAgain = performance.now() + openMs;
  }

  /** Null if the last call was good. */
  get state(): Circuit | null {
    return this.failures === 0 ? null : { failures: this.failures, wait_ms: Math.ceil(this.waitMs) };
  }
}
