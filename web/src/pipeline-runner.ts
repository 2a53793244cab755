/** Runs pipelines: the library's main entry. */
import { type AssetUrls, pageUrl, resolveAssets } from './assets.js';
import { type Batch, batches } from './batches.js';
import {
  asError,
  CancelledError,
  ClosedError,
  ManifestError,
  NodeError,
  NodeTimeoutError,
  type RemoteMediaError,
  RuntimeLoadError,
} from './errors.js';
import { jsCatalogEntry } from './js-catalog.js';
import type { JsNodeClass, JsNodeFactory } from './js-node.js';
import type { CatalogEntry, Input, Manifest, RuntimeHint } from './manifest.js';
import type { ProgressEvent } from './metrics.js';
import { MovableMemory } from './movable-memory.js';
import type { LoadedPackage } from './package-loader.js';
import { encodeLoose, encodePacket } from './packet-encode.js';
import { Collector, type ExecuteResult, metricsOf } from './run-result.js';
import { startTimer } from './timer.js';
import type { Value } from './values.js';
import { EngineClient, type RunSession } from './worker/client.js';
import type { PageNodes } from './worker/page-nodes.js';
import type { Addressed, Job, PageCall, PageReply, PlanSummary } from './worker/protocol.js';

/** How to set up a runner. */
export interface RunnerOptions {
  /** Other URLs of the assets than the default. */
  assets?: AssetUrls;
  /**
   * Runs the engine on the caller's thread. A node in an endless loop can then not be stopped. For tests.
   */
  inline?: boolean;
  /** What nodes print; the console by default. */
  onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** How to run. */
export interface ExecuteOptions {
  /** Ends the run; it rejects with CancelledError. */
  signal?: AbortSignal;
  onProgress?: (event: ProgressEvent) => void;
  /** Moves the memory of input arrays to the engine instead of copying it; the caller's arrays are then empty. */
  transfer?: boolean;
  enableMetrics?: boolean;
  /** Default for nodes whose own hint is `auto`. */
  runtimeHint?: RuntimeHint;
  /** Time that the run may take, in milliseconds; then it rejects with NodeTimeoutError. */
  timeoutMs?: number;
}

/** A pipeline: a loaded bundle, a manifest, or the JSON text of one. */
export type PipelineSource = LoadedPackage | Manifest | string;

type PageNode = { factory: JsNodeFactory | JsNodeClass; catalog: Partial<CatalogEntry> };
type Waiting = { reject: (error: RemoteMediaError) => void };
type Call = Pick<ExecuteOptions, 'signal' | 'onProgress' | 'timeoutMs'>;

/** Runs one pipeline at a time; further calls wait in order. Create more runners to run in parallel. */
export class PipelineRunner {
  private readonly options: RunnerOptions;
  private readonly assets: ReturnType<typeof resolveAssets>;
  private client: EngineClient | null = null;
  private readonly pageNodes = new Map<string, PageNode>();
  private readonly nodeModules = new Map<string, string>();
  private pageHost: Promise<PageNodes> | null = null;
  private readonly waiting = new Set<Waiting>();
  private tail: Promise<void> = Promise.resolve();
  private isClosed = false;

  /** The engine starts with the first call; see {@link PipelineRunner.create}. */
  constructor(options: RunnerOptions = {}) {
    this.options = options;
    this.assets = resolveAssets(options.assets);
  }

  /** A runner whose worker has been started and fetches the Rust runtime. */
  static async create(options: RunnerOptions = {}): Promise<PipelineRunner> {
    const runner = new PipelineRunner(options);
    runner.engine();
    return runner;
  }

  /**
   * Runs a pipeline. A list is a list of items, anything else is one item. Rejects with the error of the run:
   * ManifestError with all issues, NodeError, CancelledError, …; `error.partial` holds what sinks gave before it.
   */
  async execute(
    source: PipelineSource,
    input: Input = [],
    options: ExecuteOptions = {},
  ): Promise<ExecuteResult> {
    const manifest = manifestText(source);
    return this.inTurn(options.signal, () => this.run(manifest, toItems(input), options));
  }

  /** Loads everything that a pipeline needs, so that its first run starts at once. */
  async preload(source: PipelineSource, options: ExecuteOptions = {}): Promise<void> {
    const manifest = manifestText(source);
    await this.inTurn(options.signal, () => this.load(this.job('preload', manifest, options), options));
  }

  /**
   * Loads the Rust runtime. As in the earlier system; not needed, because runs load what they need. The module that a
   * bundle brings is not used.
   */
  async loadWasm(_binary?: ArrayBuffer | Uint8Array | null): Promise<void> {
    await this.inTurn(undefined, () => this.load(this.job('wasm', '{}', {}), {}));
  }

  /** Loads the Python runtime. As in the earlier system; not needed, because runs load what they need. */
  async loadPyodideRuntime(options: Call = {}): Promise<void> {
    await this.inTurn(options.signal, () => this.load(this.job('python', '{}', {}), options));
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
    this.pageNodes.delete(type);
    this.nodeModules.delete(type);
    if (typeof node === 'function') this.pageNodes.set(type, { factory: node, catalog });
    else this.nodeModules.set(type, new URL(node, pageUrl()).href);
  }

  /** Ends the engine. Calls under way and waiting reject with ClosedError. Safe to call twice. */
  async close(): Promise<void> {
    this.isClosed = true;
    const reason = new ClosedError('the runner was closed');
    for (const { reject } of this.waiting) reject(reason);
    this.waiting.clear();
    this.client?.kill(reason);
    await this.tail;
  }

  private engine(): EngineClient {
    if (!this.client || this.client.isDead) {
      this.client = new EngineClient({
        assets: { wasm: this.assets.wasm, pyodide: this.assets.pyodide },
        script: this.assets.worker,
        inline: this.options.inline ?? false,
        output: this.options.onOutput ?? print,
        answerPage: (call) => this.answerPage(call),
      });
    }
    return this.client;
  }

  /** Does `work` when all calls before have ended, unless the call is cancelled or the runner closed meanwhile. */
  private inTurn<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (this.isClosed) return Promise.reject(new ClosedError('the runner was closed'));
    if (signal?.aborted) return Promise.reject(cancelled(signal));
    return new Promise((resolve, reject) => {
      const waiting = { reject };
      const abort = () => this.waiting.delete(waiting) && reject(cancelled(signal));
      signal?.addEventListener('abort', abort, { once: true });
      this.waiting.add(waiting);
      this.tail = this.tail.then(async () => {
        signal?.removeEventListener('abort', abort);
        if (!this.waiting.delete(waiting)) return;
        await work().then(resolve, reject);
      });
    });
  }

  private async run(
    manifest: string,
    items: readonly Value[],
    options: ExecuteOptions,
  ): Promise<ExecuteResult> {
    const begun = performance.now();
    const job = this.job('run', manifest, options);
    const collector = new Collector();
    try {
      return await this.supervised(job, options, collector, async (session) => {
        const plan = await session.planned;
        collector.begin(plan);
        await feed(session, plan, items, options, this.engine());
        const summary = await session.finish();
        const metrics = options.enableMetrics ? metricsOf(plan, summary, performance.now() - begun) : null;
        return collector.result(plan, summary, metrics);
      });
    } catch (thrown) {
      const error = asError(thrown);
      error.partial = collector.current();
      throw error;
    }
  }

  private load(job: Job, options: Call): Promise<void> {
    return this.supervised(job, options, null, async (session) => void (await session.ended));
  }

  /** Drives a session under the caller's signal and time limit, and leaves a usable engine behind. */
  private async supervised<T>(
    job: Job,
    options: Call,
    collector: Collector | null,
    drive: (session: RunSession) => Promise<T>,
  ): Promise<T> {
    const { signal, timeoutMs, onProgress } = options;
    const session = this.engine().start(job, {
      progress: (event) => {
        try {
          onProgress?.(event);
        } catch (error) {
          session.cancel(asError(error));
        }
      },
      items: (decoded) => collector?.add(decoded),
    });
    const abort = () => session.cancel(cancelled(signal));
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    const late = () => session.cancel(new NodeTimeoutError(`the run took longer than ${timeoutMs} ms`));
    const timer = timeoutMs === undefined ? undefined : startTimer(late, timeoutMs);
    try {
      return await drive(session);
    } catch (error) {
      session.cancel(asError(error));
      await session.ended.catch(() => {});
      await this.recover();
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** After a failure: a new engine if the old one is dead, and no page nodes left open. */
  private async recover(): Promise<void> {
    await (await this.pageHost?.catch(() => null))?.closeAll();
    if (!this.isClosed) this.engine();
  }

  private job(kind: Job['kind'], manifest: string, options: ExecuteOptions): Job {
    return {
      kind,
      manifest,
      runtimeHint: options.runtimeHint ?? 'auto',
      metrics: options.enableMetrics ?? false,
      pageNodes: [...this.pageNodes].map(([type, { catalog }]) => jsCatalogEntry(type, catalog)),
      nodeModules: [...this.nodeModules].map(([type, url]) => ({ type, url })),
    };
  }

  private async answerPage(call: PageCall): Promise<PageReply> {
    this.pageHost ??= import('./worker/page-nodes.js').then(
      ({ PageNodes: Host }) => new Host((type) => this.pageNodes.get(type)?.factory),
    );
    try {
      return await (await this.pageHost).answer(call);
    } catch (error) {
      this.pageHost = null; // to be loaded again
      const failure = new RuntimeLoadError(`nodes of this page cannot run: ${String(error)}`, {
        cause: error,
      });
      return { op: 'failed', error: failure.toJSON() };
    }
  }
}

/** Sends all items in batches, each to every source. */
async function feed(
  session: RunSession,
  plan: PlanSummary,
  items: readonly Value[],
  { transfer = false, onProgress }: ExecuteOptions,
  { pool }: EngineClient,
): Promise<void> {
  const movable = transfer ? new MovableMemory(batches(items)) : null;
  for (const batch of batches(items)) {
    const error = await send(batch, movable);
    onProgress?.({ phase: 'run', loaded: batch.first + batch.items.length, total: items.length });
    if (!error) continue;
    // An earlier item may fail too, and then that is the run's error.
    await session.drained();
    throw error;
  }

  /** Sends a batch, up to the item that cannot travel, if there is one; returns what is wrong with that. */
  async function send(batch: Batch, memory: MovableMemory | null): Promise<NodeError | null> {
    const transferred = new Set<ArrayBufferLike>();
    let packets: Addressed[];
    try {
      packets = encode(batch, memory, transferred);
    } catch (error) {
      if (!(error instanceof NodeError) || error.itemIndex === null) throw error;
      const sound = batch.items.slice(0, error.itemIndex - batch.first);
      if (sound.length > 0) await send({ first: batch.first, items: sound }, null);
      return error;
    }
    await session.push(
      packets,
      [...transferred].filter((buffer) => buffer instanceof ArrayBuffer),
    );
    return null;
  }

  function encode(
    batch: Batch,
    memory: MovableMemory | null,
    transferred: Set<ArrayBufferLike>,
  ): Addressed[] {
    const rounds = batch.items.map((_, index) => batch.first + index);
    return plan.inputs.map(({ edge, segment, node }, index) => {
      const columns = { rounds, edges: edge, values: batch.items };
      // Memory can be moved only once: to the last source.
      if (memory && index === plan.inputs.length - 1) {
        const packet = memory.release(
          forSource(node, () => encodeLoose(columns)),
          batch.first,
        );
        for (const { buffer } of [packet.header, ...packet.buffers]) transferred.add(buffer);
        return { segment, packet };
      }
      const whole = forSource(node, () => encodePacket(columns, (bytes) => pool.take(bytes)));
      transferred.add(whole.buffer);
      return { segment, packet: { buffer: whole.buffer, length: whole.length } };
    });
  }
}

/** Encodes input; an error names the source that would have received it. */
function forSource<T>(nodeId: string, encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    const { code, path, itemIndex } = error;
    throw new NodeError(error.message, { code, path, itemIndex, nodeId, cause: error });
  }
}

function toItems(input: Input): readonly Value[] {
  return Array.isArray(input) ? input : [input as Value];
}

/** The manifest as JSON text; the planner checks what it says. Throws ManifestError if it cannot be JSON. */
function manifestText(source: PipelineSource): string {
  try {
    if (typeof source === 'string') return JSON.stringify(JSON.parse(source));
    const isPackage = typeof source === 'object' && source !== null && 'manifest' in source;
    return JSON.stringify(isPackage ? source.manifest : source) ?? 'null';
  } catch (error) {
    const message = `not JSON: ${error instanceof Error ? error.message : String(error)}`;
    throw ManifestError.of([
      { code: 'wrong_type', path: '$', message, severity: 'error', expected: 'object' },
    ]);
  }
}

function cancelled(signal?: AbortSignal): CancelledError {
  return new CancelledError('the run was cancelled', { cause: signal?.reason });
}

function print(stream: 'stdout' | 'stderr', text: string): void {
  if (stream === 'stdout') console.log(text);
  else console.warn(text);
}
