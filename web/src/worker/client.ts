/** The page's side of the protocol: one engine thread and the run that is under way in it. */
import { BufferPool } from '../buffer-pool.js';
import { asError, RemoteMediaError, RuntimeLoadError } from '../errors.js';
import type { Parcel } from './admission.js';
import type { EngineAssets, Job, PageCall, PageReply, ToPage } from './protocol.js';
import { plainRealm, type Realm, suits } from './realm.js';
import { type RunEvents, RunSession } from './session.js';
import { canShareMemory, lockManager, startInline, startThread, type Thread } from './thread.js';

/** What Pyodide takes for Ctrl-C. */
const interruptSignal = 2;

/** How to start the engine. */
export interface ClientOptions {
  readonly assets: EngineAssets;
  readonly inline: boolean;
  /** URL of the worker's script, if it is not next to the library. */
  readonly script?: string | undefined;
  /** URL of the sandbox's script. */
  readonly sandbox: string;
  output(stream: 'stdout' | 'stderr', text: string): void;
  answerPage(call: PageCall): Promise<PageReply>;
}

/** An engine thread. */
export class EngineClient {
  readonly pool = new BufferPool();
  private readonly thread: Thread;
  private readonly options: ClientOptions;
  private readonly signal: Uint8Array | null;
  private readonly lock: string | null;
  private readonly watch = new AbortController();
  /** Id of the bundle that the thread has. */
  private bundle: string | null = null;
  private realm: Realm;
  private session: RunSession | null = null;
  private lastRun = 0;
  private deadReason: RemoteMediaError | null = null;

  constructor(options: ClientOptions, realm: Realm = plainRealm) {
    this.options = options;
    this.realm = realm;
    const events = { message: (message: ToPage) => this.handle(message), dead: this.died };
    const { assets, inline, script } = options;
    if (realm.sandbox) this.thread = realm.sandbox.start(events, options);
    else this.thread = inline ? startInline(events) : startThread(events, script);
    this.thread.hold(false);
    // A sandbox shares neither memory nor locks with the page.
    const isBeside = !inline && !realm.sandbox;
    const interrupt = isBeside && canShareMemory() ? new SharedArrayBuffer(1) : null;
    this.signal = interrupt && new Uint8Array(interrupt);
    this.lock = isBeside && lockManager() ? `remotemedia-${crypto.randomUUID()}` : null;
    this.thread.post({ type: 'init', assets, lock: this.lock, interrupt });
  }

  /** Whether the thread was ended or died; a new client must take its place. */
  get isDead(): boolean {
    return this.deadReason !== null;
  }

  /** Whether Python can be interrupted, and so need not be ended. */
  get canInterrupt(): boolean {
    return this.signal !== null;
  }

  /** Takes on jobs of a realm, from now on; returns false if they must not run here. */
  serve(realm: Realm): boolean {
    if (this.isDead || !suits(this.realm, realm)) return false;
    if (realm.python !== null) this.realm = realm;
    return true;
  }

  /** Starts a job, which may use the nodes of `bundle`; the one before must have ended. */
  start(job: Job, events: RunEvents, bundle: Parcel | null = null): RunSession {
    const id = ++this.lastRun;
    const session = new RunSession(this, id, events, job.trace);
    if (this.deadReason) {
      session.fail(this.deadReason);
      return session;
    }
    this.signal?.fill(0); // what an earlier interrupt may have left
    try {
      if (bundle && bundle.id !== this.bundle) bundle.send(this.thread.post);
      this.bundle = bundle?.id ?? this.bundle;
      this.thread.post({ type: 'start', run: id, job });
    } catch (error) {
      // Something in the job, such as a node's catalog, cannot be sent, or there is no memory for a copy of the bundle.
      session.fail(asError(error));
      return session;
    }
    this.session = session;
    this.thread.hold(true);
    return session;
  }

  /** Interrupts Python, if that is possible. */
  interrupt(): void {
    this.signal?.fill(interruptSignal);
  }

  /** Ends the thread; what is under way fails with `reason`. */
  kill(reason: RemoteMediaError): void {
    if (this.deadReason) return;
    this.deadReason = reason;
    this.watch.abort();
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

  private readonly died = (reason: unknown): void => {
    const message = `the engine's worker died: ${String(reason)}`;
    this.kill(
      reason instanceof RemoteMediaError ? reason : new RuntimeLoadError(message, { code: 'worker_died' }),
    );
  };

  private handle(message: ToPage): void {
    if (this.deadReason) return; // what a terminated thread had still sent
    if (message.type === 'output') this.print(message.stream, message.text);
    else if (message.type === 'page-call') void this.answer(message.call, message.request);
    else if (message.type === 'locked') this.watchLock();
    else if (message.run === this.session?.id) this.session.handle(message);
  }

  /** The thread holds its lock as long as it lives, and browsers tell in no other way that it does not. */
  private watchLock(): void {
    const { lock, watch } = this;
    const granted = () => this.died('it ended by itself');
    if (lock)
      lockManager()
        ?.request(lock, { signal: watch.signal }, granted)
        .catch(() => {});
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
