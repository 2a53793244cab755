/** Runs pipelines: the library's main entry. */
import { pageUrl, resolveAssets } from './assets.js';
import { cancelled } from './cancelled.js';
import { CircuitStore } from './circuits.js';
import { asError, ClosedError, NodeTimeoutError } from './errors.js';
import { feedList } from './feed.js';
import { type AnyInput, isStream, toItems } from './input.js';
import type { JsNodeClass, JsNodeFactory } from './js-node.js';
import type { CatalogEntry } from './manifest.js';
import { demandingPackage, manifestText, type PipelineSource } from './manifest-text.js';
import { OwnNodes } from './own-nodes.js';
import type { LoadedPackage } from './package-loader.js';
import { PipelineStream, type StreamBatch, type StreamItem } from './pipeline-stream.js';
import { Collector, type ExecuteResult, type Receiver, type RunReport, reportOf } from './run-result.js';
import type { ExecuteOptions, RunnerOptions, StreamOptions } from './runner-options.js';
import { startTimer } from './timer.js';
import { Turns } from './turns.js';
import type { Admitted, Parcel, Untrusted } from './worker/admission.js';
import { Engines } from './worker/engines.js';
import type { Job, PlanSummary } from './worker/protocol.js';
import { plainRealm } from './worker/realm.js';
import type { RunEvents, RunSession } from './worker/session.js';

const noPipeline: Pipeline = { manifest: '{}', pkg: null };

type Call = Pick<ExecuteOptions, 'signal' | 'onProgress' | 'timeoutMs'>;

/** A manifest as JSON text, and the bundle that is to be looked at before it runs. */
interface Pipeline {
  readonly manifest: string;
  readonly pkg: LoadedPackage | null;
}

/** A run, and where its results go. */
interface Conducted {
  readonly pipeline: Pipeline;
  readonly input: AnyInput | undefined;
  readonly options: ExecuteOptions;
  readonly receiver: Receiver;
  readonly dropped: Record<string, number>;
  /** Told when the sources are let go of; null if results are collected. */
  readonly closing: ((closed: Promise<unknown>) => void) | null;
}

/** Runs one pipeline at a time; further calls wait in order. Create more runners to run in parallel. */
export class PipelineRunner {
  private readonly assets: ReturnType<typeof resolveAssets>;
  private readonly engines: Engines;
  private readonly turns = new Turns();
  /** By the id of the bundle that brings nodes, because its types may be others than another's. */
  private readonly circuits = new Map<string | null, CircuitStore>();
  private readonly untrusted: Untrusted;
  private readonly nodes = new OwnNodes();
  private isClosed = false;

  /** The engine starts with the first call; see {@link PipelineRunner.create}. */
  constructor(options: RunnerOptions = {}) {
    this.assets = resolveAssets(options.assets);
    this.untrusted = options.untrusted ?? 'sandbox';
    const { wasm, pyodide, worker, sandbox } = this.assets;
    this.engines = new Engines({
      assets: { wasm, pyodide, packages: absolute(options.packages) },
      script: worker,
      sandbox,
      inline: options.inline ?? false,
      output: options.onOutput ?? print,
      answerPage: (call) => this.nodes.answer(call),
    });
  }

  /** A runner whose worker has been started and fetches the Rust runtime. */
  static async create(options: RunnerOptions = {}): Promise<PipelineRunner> {
    const runner = new PipelineRunner(options);
    runner.engines.current();
    return runner;
  }

  /**
   * Runs a pipeline and collects what it gives. A list is a list of items, a stream is read to its end, anything else is
   * one item. Rejects with the error of the run: ManifestError with all issues, NodeError, CancelledError, …;
   * `error.partial` holds what sinks gave before it.
   */
  async execute(
    source: PipelineSource,
    input?: AnyInput,
    options: ExecuteOptions = {},
  ): Promise<ExecuteResult> {
    const pipeline = pipelineOf(source);
    return this.turns.take(options.signal, async () => {
      const receiver = new Collector();
      try {
        const run = { pipeline, input, options, receiver, dropped: {}, closing: null };
        const { plan, report } = await this.conduct(run);
        return receiver.result(plan, report);
      } catch (thrown) {
        const error = asError(thrown);
        error.partial = receiver.current();
        throw error;
      }
    });
  }

  /**
   * Runs a pipeline with its results handed out as they come: `for await (const { sink, item, round } of stream)`. Input and
   * errors are as those of `execute`; an error comes after the results of the rounds before it.
   */
  stream(
    source: PipelineSource,
    input: AnyInput | undefined,
    options: StreamOptions & { batched: true },
  ): PipelineStream<StreamBatch>;
  stream(
    source: PipelineSource,
    input?: AnyInput,
    options?: StreamOptions & { batched?: false },
  ): PipelineStream;
  stream(
    source: PipelineSource,
    input: AnyInput | undefined,
    options: StreamOptions,
  ): PipelineStream<StreamItem | StreamBatch>;
  stream(
    source: PipelineSource,
    input?: AnyInput,
    options: StreamOptions = {},
  ): PipelineStream<StreamItem | StreamBatch> {
    return new PipelineStream(
      async (outlet, { signal, dropped, closing }) => {
        const pipeline = pipelineOf(source);
        return this.turns.take(signal, async () => {
          const run = { pipeline, input, options: { ...options, signal }, dropped, closing };
          return (await this.conduct({ ...run, receiver: await outlet })).report;
        });
      },
      options.batched ?? false,
      options.signal,
    );
  }

  /** Loads everything that a pipeline needs, so that its first run starts at once. */
  async preload(source: PipelineSource, options: ExecuteOptions = {}): Promise<void> {
    const pipeline = pipelineOf(source);
    await this.turns.take(options.signal, () => this.load('preload', pipeline, options));
  }

  /**
   * Loads the Rust runtime. As in the earlier system; not needed, because runs load what they need. The module that a
   * bundle brings is not used.
   */
  async loadWasm(_binary?: ArrayBuffer | Uint8Array | null): Promise<void> {
    await this.turns.take(undefined, () => this.load('wasm', noPipeline, {}));
  }

  /** Loads the Python runtime. As in the earlier system; not needed, because runs load what they need. */
  async loadPyodideRuntime(options: Call = {}): Promise<void> {
    await this.turns.take(options.signal, () => this.load('python', noPipeline, options));
  }

  /**
   * Registers a node type written in JavaScript. A function (a factory of nodes) or class runs on the caller's thread; a
   * module URL (its default export is the factory or class) runs with the engine. `catalog` tells the planner about
   * params and ports; without it any params are allowed. A module may export `catalog` itself.
   */
  registerNode(
    type: string,
    node: JsNodeFactory | JsNodeClass | URL | string,
    catalog: Partial<CatalogEntry> = {},
  ): void {
    this.nodes.register(type, node, catalog);
  }

  /** Replaces the engine when the calls before have ended: gives back the memory that its runtimes hold. */
  async recycle(): Promise<void> {
    await this.turns.take(undefined, async () => {
      this.engines.kill(new ClosedError('the engine was recycled'));
      this.engines.current();
    });
  }

  /** Ends the engine. Calls under way and waiting reject with ClosedError. Safe to call twice. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.turns.close(closed);
    this.engines.kill(closed());
    await this.turns.idle();
  }

  private async conduct(run: Conducted): Promise<{ plan: PlanSummary; report: RunReport }> {
    const { pipeline, options, receiver, dropped } = run;
    const begun = performance.now();
    return this.supervised('run', pipeline, options, receiver, async (session) => {
      const plan = await session.planned;
      receiver.begin(plan);
      await this.feed(run, session, plan);
      const summary = await session.finish();
      const totalMs = options.enableMetrics ? performance.now() - begun : null;
      const report = await reportOf(plan, summary, session, dropped, totalMs);
      tell(run, session);
      return { plan, report };
    });
  }

  /** Sends all input. A plain list needs no more than a loop; the rest is loaded where it is used. */
  private async feed(run: Conducted, session: RunSession, plan: PlanSummary): Promise<void> {
    const { input = [], options, dropped, closing } = run;
    const sent = () => tell(run, session);
    const generates = plan.inputs.some((source) => source.generates);
    if (closing || options.sources || generates || isStream(input)) {
      const { worklet } = this.assets;
      const { drive } = await import('./stream/drive.js');
      await drive({ session, plan, input, options, worklet, dropped, sent, closing });
    } else await feedList(session, plan, toItems(input), options.transfer ?? false, sent);
  }

  private load(kind: Job['kind'], pipeline: Pipeline, options: ExecuteOptions): Promise<void> {
    return this.supervised(kind, pipeline, options, null, async (session) => void (await session.ended));
  }

  /** Drives a session under the caller's signal and time limit, and leaves a usable engine behind. */
  private async supervised<T>(
    kind: Job['kind'],
    pipeline: Pipeline,
    options: ExecuteOptions,
    receiver: Receiver | null,
    drive: (session: RunSession) => Promise<T>,
  ): Promise<T> {
    const { realm, bundle } = await this.admitted(pipeline, options);
    // A stream may have waited for its parts meanwhile.
    if (this.isClosed) throw closed();
    const { signal, timeoutMs, onProgress } = options;
    const circuits = this.circuitsOf(bundle);
    const overdue: string[] = [];
    const job = this.job(kind, pipeline.manifest, options, { realm, bundle });
    const events: RunEvents = {
      progress: (event) => {
        try {
          onProgress?.(event);
        } catch (error) {
          session.cancel(asError(error));
        }
      },
      items: (delivery) => receiver?.add(delivery),
      circuits: (states) => circuits.update(states),
      overdue: (circuit) => overdue.push(circuit),
      stuck: () => this.engines.prepare(),
    };
    const session = this.engines.current(realm).start(job, events, bundle);
    const abort = () => session.cancel(cancelled(signal));
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    const late = () => session.cancel(new NodeTimeoutError(`the run took longer than ${timeoutMs} ms`));
    const timer = timeoutMs === undefined ? undefined : startTimer(late, timeoutMs);
    try {
      const result = await drive(session);
      await this.nodes.closeAll();
      return result;
    } catch (error) {
      session.cancel(asError(error));
      await session.ended.catch(() => {});
      for (const circuit of overdue) circuits.fail(circuit);
      await this.recover();
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      this.engines.release();
    }
  }

  /** After a failure: a new engine if the old one is dead, and no page nodes left open. */
  private async recover(): Promise<void> {
    if (!this.isClosed) this.engines.current();
    await this.nodes.closeAll();
  }

  /** Where the pipeline may run. Throws CapabilityError. */
  private async admitted({ pkg }: Pipeline, { grant }: ExecuteOptions): Promise<Admitted> {
    if (!pkg) return { realm: plainRealm, bundle: null };
    const { admit } = await import('./worker/admission.js');
    return admit(pkg, this.untrusted, grant?.network);
  }

  private circuitsOf(bundle: Parcel | null): CircuitStore {
    const key = bundle?.id ?? null;
    const store = this.circuits.get(key) ?? new CircuitStore();
    this.circuits.set(key, store);
    return store;
  }

  private job(
    kind: Job['kind'],
    manifest: string,
    options: ExecuteOptions,
    { realm, bundle }: Admitted,
  ): Job {
    return {
      kind,
      manifest,
      runtimeHint: options.runtimeHint ?? 'auto',
      metrics: options.enableMetrics ?? false,
      trace: options.trace ?? false,
      circuits: this.circuitsOf(bundle).current(),
      ...this.nodes.forJob(realm),
      bundle: bundle?.id ?? null,
    };
  }
}

function absolute(urls: RunnerOptions['packages'] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, new URL(url, pageUrl()).href]));
}

function pipelineOf(source: PipelineSource): Pipeline {
  return { manifest: manifestText(source), pkg: demandingPackage(source) };
}

/** Tells how far a run has come. */
function tell({ input, options }: Conducted, { counts }: RunSession): void {
  const isList = Array.isArray(input) && !options.sources;
  options.onProgress?.({
    phase: 'run',
    loaded: counts.itemsIn,
    total: isList ? input.length : null,
    ...counts,
  });
}

function closed(): ClosedError {
  return new ClosedError('the runner was closed');
}

function print(stream: 'stdout' | 'stderr', text: string): void {
  if (stream === 'stdout') console.log(text);
  else console.warn(text);
}
