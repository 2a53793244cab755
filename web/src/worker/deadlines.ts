/** Tells the page of nodes with a deadline, as rarely as the page's timers allow. */
import { circuitKey } from '../engine/circuits.js';
import type { SegmentNode, SegmentPlan } from '../engine/place.js';
import type { Post, ToPage } from './protocol.js';

/** The deadlines of one run. */
export class Deadlines {
  /** Whether the flush round has begun, whose items have no index. */
  isFlush = false;
  private readonly run: number;
  private readonly post: Post<ToPage>;
  private told: { order: number; at: number } | null = null;
  /** Nodes with a deadline by their order, which is theirs alone in the whole plan. */
  private readonly limited = new Map<number, SegmentNode>();

  constructor(run: number, segments: readonly SegmentPlan[], post: Post<ToPage>) {
    this.run = run;
    this.post = post;
    for (const node of segments.flatMap(({ nodes }) => nodes)) {
      if (node.order !== undefined && node.timeout_ms !== undefined) this.limited.set(node.order, node);
    }
  }

  /** A node is about to be called. */
  enter(plan: SegmentPlan, order: number, round: number): void {
    const node = this.limited.get(order);
    if (node?.timeout_ms === undefined) {
      this.leave();
      return;
    }
    const at = performance.now();
    const { told } = this;
    const timeoutMs = node.timeout_ms;
    // The page waits for nine eighths, so that calls soon after one that it knows of need no message.
    if (told?.order === order && at - told.at <= timeoutMs / 8) return;
    this.told = { order, at };
    this.post({
      type: 'enter',
      run: this.run,
      nodeId: node.id,
      nodeType: node.node_type,
      runtime: plan.runtime,
      round,
      itemIndex: this.isFlush ? null : round,
      timeoutMs,
      circuit: circuitKey(node),
    });
  }

  /** No node is being called any more. */
  leave(): void {
    if (!this.told) return;
    this.told = null;
    this.post({ type: 'left', run: this.run });
  }
}
