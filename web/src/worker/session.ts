/** One run in an engine's thread: pushes batches within a window, hands out results, and always ends. */
import { errorFromWire, NodeTimeoutError, RemoteMediaError, RuntimeLoadError } from '../errors.js';
import type { ProgressEvent } from '../metrics.js';
import { type Decoded, decodePacket } from '../packet-decode.js';
import { startTimer } from '../timer.js';
import type { EngineClient } from './client.js';
import type { Addressed, Circuits, PlanSummary, RunSummary, Span, ToPage, WholePacket } from './protocol.js';

/** Batches under way at once: enough to keep both sides busy, few enough to hold little. */
const batchWindow = 4;
/** Milliseconds after a cancel without an answer: a replacement is made ready, Python is interrupted, the thread is ended. */
const [stuckMs, interruptMs, killMs, killInterruptedMs] = [5, 25, 35, 120];
/** How long nodes may take to close after a cancel, in milliseconds. */
const closeMs = 1000;
const keptSpans = 10_000;

type RunMessage = Extract<ToPage, { run: number }>;

/** What the sinks gave in one batch. */
export interface Delivery {
  readonly packets: readonly Decoded[];
  /** Whether it comes from the flush round. */
  readonly isFlush: boolean;
  /** To be called when these items have been taken: it makes room for another batch. */
  taken(): void;
}

/** What a run tells. */
export interface RunEvents {
  progress(event: ProgressEvent): void;
  /** Items of sinks, in order. */
  items(delivery: Delivery): void;
  /** Circuit breakers as the run leaves them. */
  circuits(circuits: Circuits): void;
  /** A node took too long; the key of its circuit breaker. */
  overdue(circuit: string): void;
  /** A cancel is not answered at once: the thread may have to be ended. */
  stuck(): void;
}

type Timer = ReturnType<typeof setTimeout> | undefined;

/** One run. */
export class RunSession {
  readonly id: number;
  /** The plan; rejects if the run ends before. */
  readonly planned: Promise<PlanSummary>;
  /** Resolves when the run has finished, rejects when it has failed. */
  readonly ended: Promise<RunSummary>;
  /** What has passed so far. */
  readonly counts = { itemsIn: 0, itemsOut: 0, bytesIn: 0, bytesOut: 0 };
  /** Times of this thread; null unless the run is traced. */
  readonly spans: Span[] | null;
  /** Told of every answered batch; `ended`: no generating source has more. */
  answered: ((ended: boolean) => void) | null = null;
  private readonly client: EngineClient;
  private readonly events: RunEvents;
  private unanswered = 0;
  private untaken = 0;
  private wake: (() => void) | null = null;
  private failure: RemoteMediaError | null = null;
  private cancelReason: RemoteMediaError | null = null;
  private isOver = false;
  private isEnding = false;
  private deadline: Timer;
  private grace: Timer[] = [];
  private resolvePlanned!: (plan: PlanSummary) => void;
  private rejectPlanned!: (error: RemoteMediaError) => void;
  private resolveEnded!: (summary: RunSummary) => void;
  private rejectEnded!: (error: RemoteMediaError) => void;

  constructor(client: EngineClient, id: number, events: RunEvents, trace: boolean) {
    this.client = client;
    this.id = id;
    this.events = events;
    this.spans = trace ? [] : null;
    this.planned = new Promise((resolve, reject) => {
      this.resolvePlanned = resolve;
      this.rejectPlanned = reject;
    });
    this.ended = new Promise((resolve, reject) => {
      this.resolveEnded = resolve;
      this.rejectEnded = reject;
    });
    // Whoever waits sees the failure; nobody has to.
    this.planned.catch(() => {});
    this.ended.catch(() => {});
  }

  /** Memory for batches. */
  get pool(): EngineClient['pool'] {
    return this.client.pool;
  }

  /** Waits until fewer than `window` batches are under way or not taken yet. Throws the failure of the run. */
  async room(window = batchWindow): Promise<void> {
    await this.until(() => this.unanswered + this.untaken < window);
  }

  /** Waits until all batches have been answered. Throws the failure of the run. */
  async drained(): Promise<void> {
    await this.until(() => this.unanswered === 0);
  }

  /** Sends a batch. */
  push(packets: readonly Addressed[], transfer: ArrayBuffer[]): void {
    this.unanswered++;
    this.client.post({ type: 'push', run: this.id, packets }, transfer);
  }

  /** Says that there is no more input, and waits for the end. */
  finish(): Promise<RunSummary> {
    this.client.post({ type: 'finish', run: this.id });
    return this.ended;
  }

  /** Ends the run with `reason`: asks first, and ends the thread if there is no prompt answer. */
  cancel(reason: RemoteMediaError): void {
    // After the end its timers would kill the engine under the next run.
    if (this.isOver || this.cancelReason) return;
    this.cancelReason = reason;
    clearTimeout(this.deadline);
    const { client } = this;
    client.post({ type: 'cancel', run: this.id });
    if (this.isEnding) this.killAfter(closeMs);
    else {
      this.killAfter(client.canInterrupt ? killInterruptedMs : killMs);
      this.grace.push(
        setTimeout(() => this.events.stuck(), stuckMs),
        setTimeout(() => client.interrupt(), interruptMs),
      );
    }
  }

  /** Settles everything that waits for this run. */
  fail(error: RemoteMediaError): void {
    if (this.failure) return;
    this.failure = this.cancelReason ?? error;
    this.rejectPlanned(this.failure);
    this.rejectEnded(this.failure);
    this.close();
  }

  /** Does a part of the run that falls to this thread; its time becomes part of the trace. */
  timed<T>(name: string, work: () => T): T {
    if (!this.spans || this.spans.length >= keptSpans) return work();
    const begun = performance.now();
    const result = work();
    this.spans.push({
      name,
      category: 'page',
      track: 'page',
      startUs: 1000 * (performance.timeOrigin + begun),
      durationUs: 1000 * (performance.now() - begun),
    });
    return result;
  }

  /** Handles a message about this run. */
  handle(message: RunMessage): void {
    switch (message.type) {
      case 'planned':
        this.resolvePlanned(message.plan);
        break;
      case 'progress':
        this.events.progress(message.event);
        break;
      case 'batch':
        for (const buffer of message.spare) this.client.pool.give(buffer);
        this.unanswered--;
        this.answered?.(message.ended);
        this.deliver(message.packets, false);
        this.wakeUp();
        break;
      case 'finished':
        this.events.circuits(message.summary.circuits);
        // Whoever ended the run before this came is not told that it succeeded.
        if (this.cancelReason) this.fail(this.cancelReason);
        else this.finished(message);
        break;
      case 'ending':
        if (this.isEnding) break; // a second one would put the end off
        this.isEnding = true;
        if (this.cancelReason) this.killAfter(closeMs);
        break;
      case 'failed':
        this.events.circuits(message.circuits);
        this.deliver(message.packets, false, message.error.round ?? 0);
        this.fail(errorFromWire(message.error));
        break;
      case 'enter':
        this.arm(message);
        break;
      case 'left':
        clearTimeout(this.deadline);
    }
  }

  private finished({ packets, summary }: Extract<ToPage, { type: 'finished' }>): void {
    this.deliver(packets, true);
    this.resolveEnded(summary);
    this.close();
  }

  private deliver(packets: readonly WholePacket[], isFlush: boolean, belowRound?: number): void {
    let isTaken = false;
    this.untaken++;
    const taken = () => {
      if (isTaken) return;
      isTaken = true;
      this.untaken--;
      this.wakeUp();
    };
    try {
      const decoded = this.timed('decode', () => packets.map((packet) => this.decode(packet, belowRound)));
      this.events.items({ packets: decoded, isFlush, taken });
    } catch (error) {
      this.client.kill(error instanceof RemoteMediaError ? error : new RuntimeLoadError(String(error)));
    }
  }

  private decode({ buffer, length }: WholePacket, belowRound?: number): Decoded {
    const whole = decodePacket(new Uint8Array(buffer, 0, length));
    if (!whole.borrowed) this.client.pool.give(buffer);
    const decoded = belowRound === undefined ? whole : below(whole, belowRound);
    this.counts.itemsOut += decoded.values.length;
    this.counts.bytesOut += length;
    return decoded;
  }

  private arm(entered: Extract<ToPage, { type: 'enter' }>): void {
    const { nodeId, nodeType, runtime, round, itemIndex, timeoutMs, circuit } = entered;
    clearTimeout(this.deadline);
    if (this.cancelReason) return;
    const expire = () => {
      this.events.overdue(circuit);
      const message = `node ${nodeId} took longer than ${timeoutMs} ms`;
      this.cancel(new NodeTimeoutError(message, { nodeId, nodeType, runtime, itemIndex, round }));
    };
    // If this thread was busy, the news that the node is done may be waiting behind the timer.
    const check = () => {
      this.deadline = setTimeout(expire);
    };
    // Calls within an eighth of the limit after the last message are not told (protocol.ts).
    this.deadline = startTimer(check, (timeoutMs * 9) / 8);
  }

  /** Ends the thread after that time, and does nothing else to it meanwhile. */
  private killAfter(ms: number): void {
    for (const timer of this.grace) clearTimeout(timer);
    this.grace = [setTimeout(() => this.cancelReason && this.client.kill(this.cancelReason), ms)];
  }

  private close(): void {
    this.isOver = true;
    clearTimeout(this.deadline);
    for (const timer of this.grace) clearTimeout(timer);
    this.wakeUp();
    this.client.ended(this);
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!this.failure && !condition()) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    if (this.failure) throw this.failure;
  }

  private wakeUp(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }
}

/** The items of rounds below `round`. */
function below({ rounds, edges, values, borrowed }: Decoded, round: number): Decoded {
  const kept = [...rounds.keys()].filter((index) => (rounds[index] ?? 0) < round);
  const pick = <T>(column: readonly T[]): T[] => kept.map((index) => column[index] as T);
  return { rounds: pick(rounds), edges: pick(edges), values: pick(values), borrowed };
}
