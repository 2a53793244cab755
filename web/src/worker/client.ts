/** The page's side of the protocol: one engine thread and the run that is under way in it. */
import { BufferPool } from '../buffer-pool.js';
import { asError, errorFromWire, NodeTimeoutError, RemoteMediaError, RuntimeLoadError } from '../errors.js';
import type { ProgressEvent } from '../metrics.js';
import { type Decoded, decodePacket } from '../packet-decode.js';
import { startTimer } from '../timer.js';
import type {
  Addressed,
  EngineAssets,
  Job,
  PageCall,
  PageReply,
  PlanSummary,
  RunSummary,
  ToPage,
  WholePacket,
} from './protocol.js';
import { startInline, startThread, type Thread } from './thread.js';

/** How long an engine may take to answer a cancel before its thread is ended, in milliseconds. */
const graceMs = 100;
/** Batches under way at once: enough to keep both sides busy, few enough to hold little. */
const batchWindow = 4;

/** How to start the engine. */
export interface ClientOptions {
  readonly assets: EngineAssets;
  readonly inline: boolean;
  /** URL of the worker's script, if it is not next to the library. */
  readonly script?: string | undefined;
  output(stream: 'stdout' | 'stderr', text: string): void;
  answerPage(call: PageCall): Promise<PageReply>;
}

/** What a run tells. */
export interface RunEvents {
  progress(event: ProgressEvent): void;
  /** Items of sinks, in order. */
  items(decoded: Decoded): void;
}

/** An engine thread. */
export class EngineClient {
  readonly pool = new BufferPool();
  private readonly thread: Thread;
  private readonly options: ClientOptions;
  private session: RunSession | null = null;
  private lastRun = 0;
  private deadReason: RemoteMediaError | null = null;

  constructor(options: ClientOptions) {
    this.options = options;
    const events = {
      message: (message: ToPage) => this.handle(message),
      dead: (reason: unknown) =>
        this.kill(
          new RuntimeLoadError(`the engine's worker died: ${String(reason)}`, { code: 'worker_died' }),
        ),
    };
    this.thread = options.inline ? startInline(events) : startThread(events, options.script);
    this.thread.hold(false);
    this.thread.post({ type: 'init', assets: options.assets });
  }

  /** Whether the thread was ended or died; a new client must take its place. */
  get isDead(): boolean {
    return this.deadReason !== null;
  }

  /** Starts a job; the one before must have ended. */
  start(job: Job, events: RunEvents): RunSession {
    const id = ++this.lastRun;
    const session = new RunSession(this, id, events);
    if (this.deadReason) {
      session.fail(this.deadReason);
      return session;
    }
    try {
      this.thread.post({ type: 'start', run: id, job });
    } catch (error) {
      // Something in the job, such as a node's catalog, cannot be sent.
      session.fail(asError(error));
      return session;
    }
    this.session = session;
    this.thread.hold(true);
    return session;
  }

  /** Ends the thread; what is under way fails with `reason`. */
  kill(reason: RemoteMediaError): void {
    if (this.deadReason) return;
    this.deadReason = reason;
    this.thread.terminate();
    this.session?.fail(reason);
    this.session = null;
  }

  /** @internal */
  get post(): Thread['post'] {
    return this.deadReason ? () => {} : this.thread.post;
  }

  /** @internal */
  ended(session: RunSession): void {
    if (this.session !== session) return;
    this.session = null;
    this.thread.hold(false);
  }

  private handle(message: ToPage): void {
    if (this.deadReason) return; // what a terminated thread had still sent
    if (message.type === 'output') this.print(message.stream, message.text);
    else if (message.type === 'page-call') void this.answer(message.call, message.request);
    else if (message.run === this.session?.id) this.session.handle(message);
  }

  private print(stream: 'stdout' | 'stderr', text: string): void {
    try {
      this.options.output(stream, text);
    } catch (error) {
      this.session?.cancel(asError(error));
    }
  }

  private async answer(call: number, request: PageCall): Promise<void> {
    const reply = await this.options.answerPage(request);
    const transfer = reply.op === 'ran' ? reply.outputs.map(({ packet }) => packet.buffer) : [];
    this.post({ type: 'page-reply', call, reply }, transfer);
  }
}

/** One run: pushes batches within a window, hands out results, and always ends. */
export class RunSession {
  readonly id: number;
  /** The plan; rejects if the run ends before. */
  readonly planned: Promise<PlanSummary>;
  /** Resolves when the run has finished, rejects when it has failed. */
  readonly ended: Promise<RunSummary>;
  private readonly client: EngineClient;
  private readonly events: RunEvents;
  private credits = batchWindow;
  private wake: (() => void) | null = null;
  private failure: RemoteMediaError | null = null;
  private cancelReason: RemoteMediaError | null = null;
  private readonly timers = new Map<'grace' | 'node', ReturnType<typeof setTimeout> | undefined>();
  private resolvePlanned!: (plan: PlanSummary) => void;
  private rejectPlanned!: (error: RemoteMediaError) => void;
  private resolveEnded!: (summary: RunSummary) => void;
  private rejectEnded!: (error: RemoteMediaError) => void;

  constructor(client: EngineClient, id: number, events: RunEvents) {
    this.client = client;
    this.id = id;
    this.events = events;
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

  /** Sends a batch when the window has room for it. Throws the failure of the run. */
  async push(packets: readonly Addressed[], transfer: ArrayBuffer[]): Promise<void> {
    while (this.credits === 0 && !this.failure) await this.news();
    if (this.failure) throw this.failure;
    this.credits--;
    this.client.post({ type: 'push', run: this.id, packets }, transfer);
  }

  /** Waits until all batches have been answered. Throws the failure of the run. */
  async drained(): Promise<void> {
    while (this.credits < batchWindow && !this.failure) await this.news();
    if (this.failure) throw this.failure;
  }

  /** Says that there is no more input, and waits for the end. */
  finish(): Promise<RunSummary> {
    this.client.post({ type: 'finish', run: this.id });
    return this.ended;
  }

  /** Ends the run with `reason`: asks first, and ends the thread if there is no prompt answer. */
  cancel(reason: RemoteMediaError): void {
    if (this.failure || this.cancelReason) return;
    this.cancelReason = reason;
    this.client.post({ type: 'cancel', run: this.id });
    this.timers.set(
      'grace',
      setTimeout(() => this.client.kill(reason), graceMs),
    );
  }

  /** Settles everything that waits for this run. */
  fail(error: RemoteMediaError): void {
    if (this.failure) return;
    this.failure = this.cancelReason ?? error;
    this.rejectPlanned(this.failure);
    this.rejectEnded(this.failure);
    this.close();
  }

  /** Handles a message about this run. */
  handle(message: Exclude<ToPage, { type: 'output' | 'page-call' }>): void {
    switch (message.type) {
      case 'planned':
        this.resolvePlanned(message.plan);
        break;
      case 'progress':
        this.events.progress(message.event);
        break;
      case 'batch':
        for (const buffer of message.spare) this.client.pool.give(buffer);
        this.credits++;
        this.deliver(message.packets, Number.POSITIVE_INFINITY);
        this.wakeUp();
        break;
      case 'finished':
        this.deliver(message.packets, Number.POSITIVE_INFINITY);
        this.resolveEnded(message.summary);
        this.close();
        break;
      case 'failed':
        this.deliver(message.packets, message.error.round ?? 0);
        this.fail(errorFromWire(message.error));
        break;
      case 'enter':
        this.arm(message);
        break;
      case 'left':
        clearTimeout(this.timers.get('node'));
    }
  }

  private deliver(packets: readonly WholePacket[], belowRound: number): void {
    try {
      for (const { buffer, length } of packets) {
        const decoded = decodePacket(new Uint8Array(buffer, 0, length));
        this.events.items(below(decoded, belowRound));
        if (!decoded.borrowed) this.client.pool.give(buffer);
      }
    } catch (error) {
      this.client.kill(error instanceof RemoteMediaError ? error : new RuntimeLoadError(String(error)));
    }
  }

  private arm({ nodeId, nodeType, runtime, round, timeoutMs }: Extract<ToPage, { type: 'enter' }>): void {
    clearTimeout(this.timers.get('node'));
    const message = `node ${nodeId} took longer than ${timeoutMs} ms`;
    const expire = () =>
      this.cancel(new NodeTimeoutError(message, { nodeId, nodeType, runtime, itemIndex: round, round }));
    this.timers.set('node', startTimer(expire, timeoutMs));
  }

  private close(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.wakeUp();
    this.client.ended(this);
  }

  private news(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private wakeUp(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }
}

/** The items of rounds below `round`. */
function below(decoded: Decoded, round: number): Decoded {
  if (round === Number.POSITIVE_INFINITY) return decoded;
  const kept = [...decoded.rounds.keys()].filter((index) => (decoded.rounds[index] ?? 0) < round);
  const pick = <T>(column: readonly T[]): T[] => kept.map((index) => column[index] as T);
  const { rounds, edges, values, borrowed } = decoded;
  return { rounds: pick(rounds), edges: pick(edges), values: pick(values), borrowed };
}
