/**
 * Plans and opens runs: the Rust module plans, then the places that the plan names are loaded and their segments opened.
 *
 * Runs where it is put: in a worker, or inline in tests.
 */
import { BufferPool } from '../buffer-pool.js';
import { asError, type RemoteMediaError, RuntimeLoadError } from '../errors.js';
import pythonCatalog from '../generated/python-catalog.json' with { type: 'json' };
import type { CatalogEntry } from '../manifest.js';
import type { LoadMetrics, ProgressEvent } from '../metrics.js';
import type { EngineAssets, Job, NodeModule, PageCall, PageReply } from '../worker/protocol.js';
import type { JsPlace } from './js-place.js';
import type { Segment, SegmentPlan } from './place.js';
import { type PlanResponse, readPlan } from './plan.js';
import type { PythonPlace } from './python-place.js';
import { type OpenSegment, Run } from './run.js';
import { WasiPlace } from './wasi-place.js';

/** What the engine tells the thread that it runs in. */
export interface EngineHooks {
  progress(event: ProgressEvent): void;
  output(stream: 'stdout' | 'stderr', text: string): void;
  /** A node with a deadline is about to be called. */
  enter(plan: SegmentPlan, order: number, round: number): void;
  /** Asks the page, which has nodes of its own. */
  askPage(request: PageCall, transfer: ArrayBuffer[]): Promise<PageReply>;
}

/** The engine of one thread. */
export class Engine {
  readonly pool = new BufferPool();
  private readonly assets: EngineAssets;
  private readonly hooks: EngineHooks;
  private wasi: Promise<WasiPlace> | null = null;
  private python: Promise<PythonPlace> | null = null;
  private js: Promise<JsPlace> | null = null;
  private loads: LoadMetrics = noLoads();
  private readonly opened = new Map<number, SegmentPlan>();

  constructor(assets: EngineAssets, hooks: EngineHooks) {
    this.assets = assets;
    this.hooks = hooks;
  }

  /** Loads the Rust runtime, which every run needs. A failed load is tried again at the next call. */
  loadWasm(): Promise<WasiPlace> {
    this.wasi ??= this.measured('load-wasm', async () => {
      const begun = performance.now();
      const place = await WasiPlace.load(this.assets.wasm, {
        enter: (handle, order, round) => this.enter(handle, order, round),
        stderr: (text) => this.hooks.output('stderr', text),
      });
      this.loads.wasm_ms = performance.now() - begun;
      return place;
    }).catch((error: unknown) => {
      this.wasi = null;
      throw error;
    });
    return this.wasi;
  }

  /** Starts Python with the packages that nodes need. */
  async loadPython(requires: readonly string[] = []): Promise<PythonPlace> {
    this.python ??= this.measured('load-pyodide', async () => {
      const { PythonPlace } = await import('./python-place.js');
      return PythonPlace.load(this.assets.pyodide, requires, {
        output: (stream, text) => this.hooks.output(stream, text),
        progress: (loaded, total) => this.hooks.progress({ phase: 'load-packages', loaded, total }),
        loaded: (part, ms) => {
          const key = `${part}_ms` as const;
          this.loads[key] = (this.loads[key] ?? 0) + ms;
        },
      });
    }).catch((error: unknown) => {
      this.python = null;
      throw error;
    });
    const place = await this.python;
    await place.require(requires);
    return place;
  }

  /** Validates a job's manifest and plans it. Throws ManifestError with all issues. */
  async plan(job: Job): Promise<PlanResponse> {
    const [wasi, modules] = await Promise.all([this.loadWasm(), this.importModules(job.nodeModules)]);
    await wasi.prepare();
    const catalogs = { python: pythonCatalog, 'js:worker': modules, 'js:page': job.pageNodes };
    const rest = JSON.stringify({ catalogs, runtime_hint: job.runtimeHint, metrics: job.metrics });
    return readPlan(wasi.plan(`{"manifest":${job.manifest},${rest.slice(1)}`));
  }

  /** Loads what a plan needs and opens its segments. */
  async open({ plan }: PlanResponse, metrics: boolean): Promise<Run> {
    await this.load(plan.segments);
    const segments: OpenSegment[] = [];
    const run = new Run(segments, this.pool, metrics);
    this.opened.clear();
    try {
      for (const segment of plan.segments) {
        segments.push({ plan: segment, segment: await this.openSegment(segment) });
      }
      return run;
    } catch (error) {
      await run.close();
      throw error;
    }
  }

  /** Loads the runtimes and packages of a plan, all at once. */
  async load(segments: readonly SegmentPlan[]): Promise<void> {
    const python = segments.filter(({ place }) => place === 'python');
    const requires = new Set(python.flatMap((segment) => segment.requires));
    if (python.length > 0) await this.loadPython([...requires]);
  }

  /** What was loaded since the last call, and the memory of the runtimes. */
  async usage(): Promise<{ loads: LoadMetrics; memoryBytes: number }> {
    const places = await Promise.all([this.wasi, this.python]);
    const { loads } = this;
    this.loads = noLoads();
    return { loads, memoryBytes: places.reduce((sum, place) => sum + (place?.memoryBytes ?? 0), 0) };
  }

  /** Anything thrown in a run, as an error; a Python that broke is not used again. */
  failure(thrown: unknown): RemoteMediaError {
    const isPython =
      thrown instanceof Error && (thrown.name === 'PythonError' || 'pyodide_fatal_error' in thrown);
    if (!isPython) return asError(thrown);
    this.python = null;
    return new RuntimeLoadError(`Python broke: ${thrown.message}`, {
      cause: thrown,
      traceback: thrown.message,
    });
  }

  private async openSegment(plan: SegmentPlan): Promise<Segment> {
    const json = JSON.stringify(plan);
    if (plan.place.startsWith('rust:')) {
      const segment = (await this.loadWasm()).open(json);
      this.opened.set(segment.handle, plan);
      return segment;
    }
    if (plan.place === 'python') return (await this.loadPython()).open(json);
    const js = await this.loadJs();
    return plan.place === 'js:page' ? js.openOnPage(json) : js.open(plan);
  }

  private async importModules(modules: readonly NodeModule[]): Promise<CatalogEntry[]> {
    return modules.length === 0 ? [] : (await this.loadJs()).importModules(modules);
  }

  private loadJs(): Promise<JsPlace> {
    this.js ??= import('./js-place.js').then(
      ({ JsPlace }) => new JsPlace((request, transfer) => this.hooks.askPage(request, transfer)),
    );
    return this.js;
  }

  private enter(handle: number, order: number, round: number): void {
    const plan = this.opened.get(handle);
    if (plan) this.hooks.enter(plan, order, round);
  }

  private async measured<T>(phase: ProgressEvent['phase'], load: () => Promise<T>): Promise<T> {
    this.hooks.progress({ phase, loaded: 0, total: 1 });
    const loaded = await load();
    this.hooks.progress({ phase, loaded: 1, total: 1 });
    return loaded;
  }
}

function noLoads(): LoadMetrics {
  return { wasm_ms: null, pyodide_ms: null, packages_ms: null };
}
