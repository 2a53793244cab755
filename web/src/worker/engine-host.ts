/** Drives the engine by messages: one run at a time, its batches in the order in which they arrive. */
import { Engine } from '../engine/engine.js';
import { nextTask } from '../engine/event-loop.js';
import { summaryOf } from '../engine/plan.js';
import type { BatchResult, Run } from '../engine/run.js';
import { CancelledError } from '../errors.js';
import type { Addressed, Job, PageCall, PageReply, Post, ToEngine, ToPage, WholePacket } from './protocol.js';

/** Buffers kept here; the page gets the rest back. */
const keptBuffers = 4;

interface ActiveRun {
  readonly id: number;
  readonly job: Job;
  readonly queue: (readonly Addressed[] | 'finish')[];
  run: Run | null;
  cancelled: boolean;
  pumping: boolean;
}

/** The engine's side of the protocol. */
export class EngineHost {
  private readonly post: Post<ToPage>;
  private engine: Engine | null = null;
  private active: ActiveRun | null = null;
  private entered = false;
  private lastCall = 0;
  private readonly calls = new Map<number, (reply: PageReply) => void>();

  constructor(post: Post<ToPage>) {
    this.post = post;
  }

  /** Handles a message of the page. */
  handle(message: ToEngine): void {
    switch (message.type) {
      case 'init':
        this.init(message);
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

  private init({ assets }: Extract<ToEngine, { type: 'init' }>): void {
    this.engine = new Engine(assets, {
      progress: (event) => {
        if (this.active) this.post({ type: 'progress', run: this.active.id, event });
      },
      output: (stream, text) => this.post({ type: 'output', stream, text }),
      enter: (plan, order, round) => {
        const node = plan.nodes.find((candidate) => candidate.order === order);
        if (!this.active || !node) return;
        this.entered = true;
        this.post({
          type: 'enter',
          run: this.active.id,
          nodeId: node.id,
          nodeType: node.node_type,
          runtime: plan.runtime,
          round,
          timeoutMs: node.timeout_ms ?? 0,
        });
      },
      askPage: (request, transfer) => this.askPage(request, transfer),
    });
    // Every run needs it to plan; a failure is reported by the run.
    this.engine.loadWasm().catch(() => {});
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
    const active: ActiveRun = { id, job, queue: [], run: null, cancelled: false, pumping: false };
    this.active = active;
    try {
      const run = await this.open(active);
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
    const { job, id } = active;
    if (job.kind === 'wasm') await engine.loadWasm();
    if (job.kind === 'python') await engine.loadPython();
    if (job.kind === 'wasm' || job.kind === 'python') return this.loaded(active);
    const response = await engine.plan(job);
    this.checkCancelled(active);
    this.post({ type: 'planned', run: id, plan: summaryOf(response) });
    if (job.kind === 'preload') {
      await engine.load(response.plan.segments);
      return this.loaded(active);
    }
    const run = await engine.open(response, job.metrics);
    run.onReturn = () => this.leave(active);
    active.run = run;
    this.checkCancelled(active);
    return run;
  }

  private async loaded(active: ActiveRun): Promise<null> {
    this.checkCancelled(active);
    const usage = await this.engine?.usage();
    this.active = null;
    const { loads, memoryBytes } = usage ?? { loads: noLoads, memoryBytes: 0 };
    const summary = { nodes: [], skipped: { count: 0, errors: [] }, crossings: [], loads, memoryBytes };
    this.post({ type: 'finished', run: active.id, packets: [], summary });
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
        this.checkCancelled(active);
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
    const result = entry === 'finish' ? await run.finish() : await run.push(entry);
    if (result.error) {
      // A failed flush round delivers nothing.
      await this.fail(active, result.error, entry === 'finish' ? [] : result.packets);
      return false;
    }
    if (entry !== 'finish') {
      const spare = this.engine?.pool.surplus(keptBuffers) ?? [];
      const message: ToPage = { type: 'batch', run: active.id, packets: result.packets, spare };
      this.post(message, [...buffersOf(result.packets), ...spare]);
      return true;
    }
    await this.finish(active, run, result);
    return false;
  }

  private async finish(active: ActiveRun, run: Run, { packets }: BatchResult): Promise<void> {
    const metrics = await run.metrics();
    await run.close();
    const usage = await this.engine?.usage();
    this.active = null;
    const summary = { ...metrics, ...(usage ?? { loads: noLoads, memoryBytes: 0 }) };
    this.post({ type: 'finished', run: active.id, packets, summary }, buffersOf(packets));
  }

  private async fail(active: ActiveRun, thrown: unknown, packets: readonly WholePacket[]): Promise<void> {
    if (this.active !== active) return;
    this.active = null;
    this.leave(active);
    const error = this.engine?.failure(thrown).toJSON();
    await active.run?.close();
    if (error) this.post({ type: 'failed', run: active.id, error, packets }, buffersOf(packets));
  }

  private cancel(id: number): void {
    const { active } = this;
    if (active?.id !== id) return;
    active.cancelled = true;
    active.run?.cancel();
    // If no batch is under way, nothing else would notice.
    void nextTask().then(() => {
      if (active.run && !active.pumping)
        void this.fail(active, new CancelledError('the run was cancelled'), []);
    });
  }

  private checkCancelled({ cancelled }: ActiveRun): void {
    if (cancelled) throw new CancelledError('the run was cancelled');
  }

  private leave({ id }: ActiveRun): void {
    if (!this.entered) return;
    this.entered = false;
    this.post({ type: 'left', run: id });
  }
}

const noLoads = { wasm_ms: null, pyodide_ms: null, packages_ms: null };

function buffersOf(packets: readonly WholePacket[]): ArrayBuffer[] {
  return packets.map(({ buffer }) => buffer);
}
