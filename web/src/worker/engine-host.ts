/** Drives the engine by messages: one run at a time, its batches in the order in which they arrive. */
import { alsoClosing, Engine } from '../engine/engine.js';
import { nextTask, unlessAborted } from '../engine/event-loop.js';
import { summaryOf } from '../engine/plan.js';
import type { LoadPyodide } from '../engine/pyodide-api.js';
import type { BatchResult, Run } from '../engine/run.js';
import { CancelledError } from '../errors.js';
import type { Deadlines } from './deadlines.js';
import type {
  Addressed,
  Circuits,
  Job,
  PageCall,
  PageReply,
  Post,
  RunSummary,
  ToEngine,
  ToPage,
  WholePacket,
} from './protocol.js';

/** Buffers kept here; the page gets the rest back. */
const keptBuffers = 4;

interface ActiveRun {
  readonly id: number;
  readonly job: Job;
  readonly queue: (readonly Addressed[] | 'finish')[];
  /** Null if no node has one. */
  deadlines: Deadlines | null;
  readonly control: AbortController;
  run: Run | null;
  pumping: boolean;
}

/** The engine's side of the protocol. */
export class EngineHost {
  private readonly post: Post<ToPage>;
  private readonly loadPyodide: LoadPyodide | undefined;
  private engine: Engine | null = null;
  private active: ActiveRun | null = null;
  private lastCall = 0;
  private readonly calls = new Map<number, (reply: PageReply) => void>();

  /** `loadPyodide` starts Pyodide where its script cannot be imported. */
  constructor(post: Post<ToPage>, loadPyodide?: LoadPyodide) {
    this.post = post;
    this.loadPyodide = loadPyodide;
  }

  /** Handles a message of the page. */
  handle(message: ToEngine): void {
    switch (message.type) {
      case 'init':
        this.init(message);
        break;
      case 'bundle':
        this.engine?.setBundle(message.bundle);
        break;
      case 'start':
        void this.start(message.run, message.job);
        break;
      case 'push':
        this.enqueue(message.run, message.packets);
        break;
      case 'finish':
        this.enqueue(message.run, 'finish');
        break;
      case 'cancel':
        this.cancel(message.run);
        break;
      case 'page-reply':
        this.calls.get(message.call)?.(message.reply);
        this.calls.delete(message.call);
    }
  }

  private init({ assets, lock, interrupt }: Extract<ToEngine, { type: 'init' }>): void {
    if (lock) this.hold(lock);
    const hooks = {
      progress: (event: Extract<ToPage, { type: 'progress' }>['event']) => {
        if (this.active) this.post({ type: 'progress', run: this.active.id, event });
      },
      output: (stream: 'stdout' | 'stderr', text: string) => this.post({ type: 'output', stream, text }),
      enter: (...call: Parameters<Deadlines['enter']>) => this.active?.deadlines?.enter(...call),
      askPage: (request: PageCall, transfer: ArrayBuffer[]) => this.askPage(request, transfer),
      loadPyodide: this.loadPyodide,
    };
    this.engine = new Engine(assets, hooks, interrupt);
    // Every run needs it to plan; a failure is reported by the run.
    this.engine.loadWasm().catch(() => {});
  }

  /** Takes a lock for as long as this thread lives. */
  private hold(lock: string): void {
    const held = navigator.locks?.request(lock, () => {
      this.post({ type: 'locked' });
      return new Promise<never>(() => {});
    });
    // Without it, the page does not notice at once when this thread dies; nothing else is amiss.
    held?.catch(() => {});
  }

  private askPage(asked: PageCall, transfer: ArrayBuffer[]): Promise<PageReply> {
    const catalog = this.active?.job.pageNodes ?? [];
    const request = asked.op === 'open' ? { ...asked, catalog } : asked;
    return new Promise((resolve) => {
      const call = ++this.lastCall;
      this.calls.set(call, resolve);
      this.post({ type: 'page-call', call, request }, transfer);
    });
  }

  private async start(id: number, job: Job): Promise<void> {
    const control = new AbortController();
    const active: ActiveRun = { id, job, queue: [], deadlines: null, control, run: null, pumping: false };
    this.active = active;
    this.engine?.clearInterrupt();
    try {
      // What has begun to load or open when the run is cancelled ends by itself.
      const run = await unlessAborted(this.open(active), control.signal);
      if (!run) return;
      active.run = run;
      await this.pump(active);
    } catch (error) {
      await this.fail(active, error, []);
    }
  }

  /** Plans and opens; null if the job was only to load. */
  private async open(active: ActiveRun): Promise<Run | null> {
    const { engine } = this;
    if (!engine) throw new Error('start before init');
    const { job, id, control } = active;
    if (job.kind === 'wasm') await engine.loadWasm();
    if (job.kind === 'python') await engine.loadPython();
    if (job.kind === 'wasm' || job.kind === 'python') return this.loaded(active);
    const response = await engine.plan(job);
    control.signal.throwIfAborted();
    const { segments } = response.plan;
    this.post({ type: 'planned', run: id, plan: summaryOf(response) });
    if (job.kind === 'preload') {
      await engine.load(segments);
      return this.loaded(active);
    }
    if (segments.some(({ nodes }) => nodes.some(({ timeout_ms }) => timeout_ms !== undefined)))
      active.deadlines = new (await import('./deadlines.js')).Deadlines(id, segments, this.post);
    const run = await engine.open(response, job, control.signal);
    run.onReturn = () => active.deadlines?.leave();
    return run;
  }

  private loaded(active: ActiveRun): null {
    active.control.signal.throwIfAborted();
    this.succeed(
      active,
      { nodes: [], skipped: { count: 0, errors: [] }, crossings: [], circuits: {}, spans: [] },
      [],
    );
    return null;
  }

  private enqueue(id: number, entry: readonly Addressed[] | 'finish'): void {
    const { active } = this;
    if (active?.id !== id) return;
    active.queue.push(entry);
    if (active.run) void this.pump(active);
  }

  private async pump(active: ActiveRun): Promise<void> {
    if (active.pumping || !active.run) return;
    active.pumping = true;
    try {
      for (;;) {
        const entry = active.queue.shift();
        if (entry === undefined || this.active !== active) break;
        active.control.signal.throwIfAborted();
        if (!(await this.work(active, active.run, entry))) break;
      }
    } catch (error) {
      await this.fail(active, error, []);
    } finally {
      active.pumping = false;
    }
  }

  /** One batch, or the end of the input. Returns whether the run goes on. */
  private async work(active: ActiveRun, run: Run, entry: readonly Addressed[] | 'finish'): Promise<boolean> {
    const isLast = entry === 'finish';
    if (active.deadlines) active.deadlines.isFlush = isLast;
    const result = isLast ? await run.finish() : await run.push(entry);
    if (result.error) {
      // A failed flush round delivers nothing.
      await this.fail(active, result.error, isLast ? [] : result.packets);
      return false;
    }
    if (isLast) {
      await this.finish(active, run, result);
      return false;
    }
    const spare = this.engine?.pool.surplus(keptBuffers) ?? [];
    const { packets } = result;
    const message: ToPage = { type: 'batch', run: active.id, packets, spare, ended: run.hasEnded };
    this.post(message, [...buffersOf(packets), ...spare]);
    return true;
  }

  private async finish(active: ActiveRun, run: Run, { packets }: BatchResult): Promise<void> {
    const metrics = await run.metrics(active.job.circuits);
    const problem = await run.close();
    if (problem !== undefined) await this.fail(active, problem, [], metrics.circuits);
    else this.succeed(active, metrics, packets);
  }

  private succeed(
    active: ActiveRun,
    metrics: Omit<RunSummary, 'loads' | 'memoryBytes'>,
    packets: readonly WholePacket[],
  ): void {
    if (this.active !== active || !this.engine) return;
    this.active = null;
    const { loads, loadSpans, memoryBytes } = this.engine.usage();
    const spans = active.job.trace ? [...loadSpans, ...metrics.spans] : [];
    const summary = { ...metrics, loads, memoryBytes, spans };
    this.post({ type: 'finished', run: active.id, packets, summary }, buffersOf(packets));
  }

  private async fail(
    active: ActiveRun,
    thrown: unknown,
    packets: readonly WholePacket[],
    counted?: Circuits,
  ): Promise<void> {
    const { engine } = this;
    if (this.active !== active || !engine) return;
    this.active = null;
    active.deadlines?.leave();
    this.post({ type: 'ending', run: active.id });
    // Closing must not be interrupted by what was meant for the run.
    engine.clearInterrupt();
    const failure = engine.failure(thrown);
    // Whatever goes wrong from here on, the page must hear of the failure.
    const asked = counted ?? active.run?.circuits(active.job.circuits, failure).catch(() => ({}));
    const circuits = (await asked) ?? {};
    const error = alsoClosing(failure, await active.run?.close()).toJSON();
    this.post({ type: 'failed', run: active.id, error, packets, circuits }, buffersOf(packets));
  }

  private cancel(id: number): void {
    const { active } = this;
    if (active?.id !== id) return;
    active.control.abort(new CancelledError('the run was cancelled'));
    // If no batch is under way, nothing else would notice.
    void nextTask().then(() => {
      if (active.run && !active.pumping) void this.fail(active, active.control.signal.reason, []);
    });
  }
}

function buffersOf(packets: readonly WholePacket[]): ArrayBuffer[] {
  return packets.map(({ buffer }) => buffer);
}
