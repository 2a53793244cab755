/** Circuit breakers that outlive runs (docs/internals/plan.md). */
import type { Circuits } from './worker/protocol.js';

const openMs = 30_000;
/** Failures in a row that open a circuit. */
const threshold = 5;

/** What a runner knows of nodes that failed, by JSON of [id, type, params]. */
export class CircuitStore {
  private readonly states = new Map<string, { failures: number; openUntil: number }>();

  /** The states now, for the next run. */
  current(): Circuits {
    const now = performance.now();
    return Object.fromEntries(
      [...this.states].map(([key, { failures, openUntil }]) => [
        key,
        { failures, wait_ms: Math.max(0, openUntil - now) },
      ]),
    );
  }

  /** Takes over what a run says of its nodes. */
  update(circuits: Circuits): void {
    const now = performance.now();
    for (const [key, { failures, wait_ms }] of Object.entries(circuits)) {
      if (failures === 0) this.states.delete(key);
      else this.states.set(key, { failures, openUntil: now + wait_ms });
    }
  }

  /** Counts a failure that the engine could not report. */
  fail(key: string): void {
    const failures = (this.states.get(key)?.failures ?? 0) + 1;
    this.states.set(key, { failures, openUntil: failures < threshold ? 0 : performance.now() + openMs });
  }
}
