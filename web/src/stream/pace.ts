/** How many rounds go into a batch: more while batches come back quickly, fewer while they do not. */

const quickMs = 8;

/** Between `min` and `max`, doubled or halved by every answer. */
export class Pace {
  size: number;
  private readonly min: number;
  private readonly max: number;
  private readonly sentAt: number[] = [];

  constructor(min: number, max: number) {
    this.size = min;
    this.min = min;
    this.max = max;
  }

  /** A batch is sent. */
  sent(): void {
    this.sentAt.push(performance.now());
  }

  /** The batch that was sent first of those under way is answered. */
  answered(): void {
    const took = performance.now() - (this.sentAt.shift() ?? 0);
    this.size = took <= quickMs ? Math.min(this.max, 2 * this.size) : Math.max(this.min, this.size >> 1);
  }
}
