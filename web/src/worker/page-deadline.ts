/** Time limits of nodes on the page, whose thread the engine cannot end. */
import type { SegmentNode, SegmentPlan } from '../engine/place.js';
import { NodeTimeoutError } from '../errors.js';
import { startTimer } from '../timer.js';

/**
 * Watches the calls of a segment. It can only end waiting for a node: one that never gives the thread back cannot be
 * stopped by anything on the page.
 */
export class PageDeadline {
  private readonly limited: ReadonlyMap<number | undefined, SegmentNode>;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wakesAt = Number.POSITIVE_INFINITY;
  private current: { node: SegmentNode; round: number; endsAt: number } | null = null;
  private isFlush = false;
  private expire: (error: NodeTimeoutError) => void = () => {};

  constructor(plan: SegmentPlan) {
    const limited = plan.nodes.filter(({ timeout_ms }) => timeout_ms !== undefined);
    this.limited = new Map(limited.map((node) => [node.order, node]));
  }

  /** A node is about to be called. */
  readonly enter = (order: number, round: number): void => {
    const node = this.limited.get(order);
    this.current = node ? { node, round, endsAt: performance.now() + (node.timeout_ms ?? 0) } : null;
    // A timer that is under way finds out when it fires that the call it was for is over.
    if (this.current && this.current.endsAt < this.wakesAt) this.watch(this.current.endsAt);
  };

  /** Does `work`, or rejects with NodeTimeoutError as soon as a call in it takes too long. */
  async limit<T>(work: () => Promise<T>, isFlush: boolean): Promise<T> {
    if (this.limited.size === 0) return work();
    this.isFlush = isFlush;
    const late = new Promise<never>((_, reject) => {
      this.expire = reject;
    });
    try {
      return await Promise.race([work(), late]);
    } finally {
      this.current = null;
      clearTimeout(this.timer);
      this.wakesAt = Number.POSITIVE_INFINITY;
    }
  }

  private watch(endsAt: number): void {
    clearTimeout(this.timer);
    this.wakesAt = endsAt;
    this.timer = startTimer(() => this.check(), Math.max(0, endsAt - performance.now()));
  }

  private check(): void {
    this.wakesAt = Number.POSITIVE_INFINITY;
    if (!this.current) return;
    if (performance.now() < this.current.endsAt) this.watch(this.current.endsAt);
    else this.expire(this.error(this.current));
  }

  private error({ node, round }: { node: SegmentNode; round: number }): NodeTimeoutError {
    const { id: nodeId, node_type: nodeType, timeout_ms, order = 0 } = node;
    const itemIndex = this.isFlush ? null : round;
    const details = { nodeId, nodeType, runtime: 'js', itemIndex, round, order };
    return new NodeTimeoutError(`node ${nodeId} took longer than ${timeout_ms} ms`, details);
  }
}
