/**
 * Plans and opens runs: the Rust module plans, then the places that the plan names are loaded and their segments opened.
 *
 * Runs where it is put: in a worker, or inline in tests.
 */
import { BufferPool } from '../buffer-pool.js';
import { asError, CancelledError, NodeError, type RemoteMediaError, RuntimeLoadError } from '../errors.js';
import pythonCatalog from '../generated/python-catalog.json' with { type: 'json' };
import type { CatalogEntry } from '../manifest.js';
import type { LoadMetrics, ProgressEvent } from '../metrics.js';
import type { Bundle, EngineAssets, Job, NodeModule, PageCall, PageReply, Span } from '../worker/protocol.js';
import type { BundleModules } from './bundle-modules.js';
import type { JsPlace } from './js-place.js';
import type { Enter, Segment, SegmentPlan } from './place.js';
import { makePlan, type PlanResponse } from './plan.js';
import type { LoadPyodide } from './pyodide-api.js';
import type { PythonPlace } from './python-place.js';
import { type OpenSegment, Run } from './run.js';
import { WasiPlace } from './wasi-place.js';

/** What the engine tells the thread that it runs in. */
export interface EngineHooks {
  progress(event: ProgressEvent): void;
  output(stream: 'stdout' | 'stderr', text: string): void;
  /** A node with a deadline is about to be called, or (`left`) one without. */
  enter(plan: SegmentPlan, order: number, round: number): void;
  /** Asks the page, which has nodes of its own. */
  askPage(request: PageCall, transfer: ArrayBuffer[]): Promise<PageReply>;
  /** Starts Pyodide where its script cannot be imported. */
  readonly loadPyodide?: LoadPyodide | undefined;
}

/** The engine of one thread. */
export class Engine {
  readonly pool = new BufferPool();
  private readonly assets: EngineAssets;
  private readonly hooks: EngineHooks;
  private wasi: Promise<WasiPlace> | null = null;
  private python: Promise<PythonPlace> | null = null;
  private js: Promise<JsPlace> | null = null;
  /** Rust modules of the bundle. */
  private modules: BundleModules | null = null;
  /** The bundle whose nodes jobs may use. */
  private bundle: Bundle | null = null;
  private loads: LoadMetrics = noLoads();
  private loadSpans: Span[] = [];
  /** What is loaded, for its memory. */
  private readonly ready = new Map<'wasm' | 'modules' | 'python', { readonly memoryBytes: number }>();
  /** Plans of open segments by handle. */
  private readonly opened = { rust: new Map<number, SegmentPlan>(), python: new Map<number, SegmentPlan>() };
  private readonly interrupt: Uint8Array | null;
  /** Runs that are being opened, and calls that a cancelled run left alone: they use the places while another run goes on. */
  private astray = 0;

  /** `interrupt` is shared memory through which the page interrupts Python. */
  constructor(assets: EngineAssets, hooks: EngineHooks, interrupt: SharedArrayBuffer | null = null) {
    this.assets = assets;
    this.hooks = hooks;
    this.interrupt = interrupt && new Uint8Array(interrupt);
  }

  /** Forgets an interrupt that has found no Python to interrupt. */
  clearInterrupt(): void {
    this.interrupt?.fill(0);
  }

  /** Takes over a bundle, in the place of the one before. */
  setBundle(bundle: Bundle): void {
    this.bundle = bundle;
  }

  /** Loads the Rust runtime, which every run needs. A failed load is tried again at the next call. */
  loadWasm(): Promise<WasiPlace> {
    this.wasi ??= this.startWasm().catch((error: unknown) => {
      this.wasi = null;
      throw error;
    });
    return this.wasi;
  }

  /** Starts Python with the packages that nodes need. */
  async loadPython(requires: readonly string[] = []): Promise<PythonPlace> {
    this.python ??= this.startPython(requires).catch((error: unknown) => {
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
    const { python = [], ...rust } = this.bundleOf(job)?.places ?? {};
    const js = { 'js:worker': modules, 'js:page': job.pageNodes };
    const catalogs = { ...rust, python: [...pythonCatalog, ...python], ...js };
    const { runtimeHint: runtime_hint, metrics, trace } = job;
    const rest = JSON.stringify({ catalogs, runtime_hint, metrics, trace });
    return makePlan(wasi, `{"manifest":${job.manifest},${rest.slice(1)}`);
  }

  /** Loads what a plan needs and opens its segments; once `signal` is aborted, closes them and throws its reason. */
  async open(
    { plan }: PlanResponse,
    { metrics, trace, circuits }: Pick<Job, 'metrics' | 'trace' | 'circuits'>,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Run> {
    this.astray++;
    try {
      return await this.openAll(plan, { metrics, trace, circuits }, signal);
    } finally {
      this.astray--;
    }
  }

  private async openAll(
    plan: PlanResponse['plan'],
    { metrics, trace, circuits }: Pick<Job, 'metrics' | 'trace' | 'circuits'>,
    signal: AbortSignal,
  ): Promise<Run> {
    await this.load(plan.segments);
    signal.throwIfAborted();
    for (const plans of Object.values(this.opened)) plans.clear();
    const segments: OpenSegment[] = [];
    const isFresh = Object.keys(circuits).length === 0;
    const prepare = isFresh ? null : (await import('./circuits.js')).withCircuits;
    const run = new Run(segments, {
      inputs: plan.inputs,
      pool: this.pool,
      crossings: metrics ? new (await import('./crossings.js')).Crossings() : null,
      trace: trace ? new (await import('./trace.js')).Trace() : null,
      signal,
      isShared: () => this.astray > 0,
      abandon: (call) => this.abandon(call),
    });
    try {
      for (const segment of plan.segments) {
        signal.throwIfAborted();
        const openedAt = performance.now();
        const prepared = prepare?.(segment, circuits) ?? segment;
        const opened = await this.openSegment(prepared, signal);
        segments.push({ plan: segment, segment: opened, openedAt });
      }
      signal.throwIfAborted();
      return run;
    } catch (error) {
      throw alsoClosing(this.failure(error), await run.close());
    }
  }

  /** Loads the runtimes and packages of a plan, all at once. */
  async load(segments: readonly SegmentPlan[]): Promise<void> {
    const own = segments.map(({ place }) => place).filter(isOwnModule);
    if (own.length > 0) await (await this.loadModules()).prepare(own);
    const python = segments.filter(({ place }) => place === 'python');
    const requires = new Set(python.flatMap((segment) => segment.requires));
    if (python.length === 0) return;
    const place = await this.loadPython([...requires]);
    if (this.bundle) place.mount(this.bundle, python);
  }

  /** What was loaded since the last call, and the memory of the runtimes. */
  usage(): { loads: LoadMetrics; loadSpans: readonly Span[]; memoryBytes: number } {
    const { loads, loadSpans } = this;
    this.loads = noLoads();
    this.loadSpans = [];
    const memoryBytes = [...this.ready.values()].reduce((sum, place) => sum + place.memoryBytes, 0);
    return { loads, loadSpans, memoryBytes };
  }

  /** Anything thrown in a run, as an error; a Python that broke is not used again. */
  failure(thrown: unknown): RemoteMediaError {
    const isPython =
      thrown instanceof Error && (thrown.name === 'PythonError' || 'pyodide_fatal_error' in thrown);
    if (!isPython) return asError(thrown);
    const { message, type } = thrown as Error & { type?: string };
    // The interrupt came between two calls of nodes; Python can go on.
    if (type === 'KeyboardInterrupt') return new CancelledError('the run was cancelled', { cause: thrown });
    this.python = null;
    this.ready.delete('python');
    const code = /memory|\bOOM\b/i.test(message) ? 'out_of_memory' : RuntimeLoadError.code;
    return new RuntimeLoadError(`Python broke: ${message}`, { code, cause: thrown, traceback: message });
  }

  private bundleOf(job: Job): Bundle | null {
    if (job.bundle === null) return null;
    if (this.bundle?.id === job.bundle) return this.bundle;
    throw new RuntimeLoadError(`the engine does not have the bundle ${job.bundle}`);
  }

  private abandon(call: Promise<unknown>): void {
    this.astray++;
    const ended = () => {
      this.astray--;
    };
    call.then(ended, ended);
  }

  private async openSegment(plan: SegmentPlan, signal: AbortSignal): Promise<Segment> {
    const json = JSON.stringify(plan);
    if (isOwnModule(plan.place)) return (await this.loadModules()).open(plan, json);
    if (plan.place.startsWith('rust:')) {
      const segment = (await this.loadWasm()).open(json);
      this.opened.rust.set(segment.handle, plan);
      return segment;
    }
    if (plan.place === 'python') {
      const segment = (await this.loadPython()).open(json);
      this.opened.python.set(segment.handle, plan);
      return segment;
    }
    const js = await this.loadJs();
    if (plan.place === 'js:page') return js.openOnPage(json);
    const enter: Enter = (order, round) => this.hooks.enter(plan, order, round);
    return js.open(plan, enter, signal);
  }

  private async startWasm(): Promise<WasiPlace> {
    const begun = performance.now();
    const place = await WasiPlace.load(this.assets.wasm, {
      enter: (handle, order, round) => this.enter(this.opened.rust, handle, order, round),
      stderr: (text) => this.hooks.output('stderr', text),
      progress: (loaded, total) => this.hooks.progress({ phase: 'load-wasm', loaded, total }),
    });
    this.loaded('wasm', begun);
    this.ready.set('wasm', place);
    return place;
  }

  private async loadModules(): Promise<BundleModules> {
    const { BundleModules } = await import('./bundle-modules.js');
    if (!this.bundle) throw new RuntimeLoadError('there is no bundle with modules');
    if (this.modules?.bundle !== this.bundle) {
      this.modules = new BundleModules(this.bundle, {
        enter: (plan, order, round) => this.hooks.enter(plan, order, round),
        stderr: (text) => this.hooks.output('stderr', text),
        loaded: (begun) => this.loaded('wasm', begun),
      });
      this.ready.set('modules', this.modules);
    }
    return this.modules;
  }

  private async startPython(requires: readonly string[]): Promise<PythonPlace> {
    const { PythonPlace } = await import('./python-place.js');
    const place = await PythonPlace.load(this.assets, requires, {
      enter: (handle, order, round) => this.enter(this.opened.python, handle, order, round),
      output: (stream, text) => this.hooks.output(stream, text),
      progress: (phase, loaded, total) => this.hooks.progress({ phase, loaded, total }),
      loaded: (part, begun) => this.loaded(part, begun),
      interrupt: this.interrupt,
      loadPyodide: this.hooks.loadPyodide,
    });
    this.ready.set('python', place);
    return place;
  }

  private async importModules(modules: readonly NodeModule[]): Promise<readonly CatalogEntry[]> {
    return modules.length === 0 ? [] : (await this.loadJs()).importModules(modules);
  }

  private loadJs(): Promise<JsPlace> {
    this.js ??= import('./js-place.js').then(
      ({ JsPlace }) => new JsPlace((request, transfer) => this.hooks.askPage(request, transfer)),
    );
    return this.js;
  }

  private enter(opened: Map<number, SegmentPlan>, handle: number, order: number, round: number): void {
    const plan = opened.get(handle);
    if (plan) this.hooks.enter(plan, order, round);
  }

  /** Notes that a part of loading, which `begun` at that time, is done. */
  private loaded(name: 'wasm' | 'pyodide' | 'packages', begun: number): void {
    const ms = performance.now() - begun;
    const key = `${name}_ms` as const;
    this.loads[key] = (this.loads[key] ?? 0) + ms;
    const startUs = 1000 * (performance.timeOrigin + begun);
    this.loadSpans.push({ name, category: 'load', track: 'engine', startUs, durationUs: 1000 * ms });
  }
}

/** Whether a place is a Rust module of a bundle. */
function isOwnModule(place: string): boolean {
  return place.startsWith('rust:') && place !== 'rust:runtime';
}

/** Closing nodes failed too, after an error that says more: it only gets a line about that. */
export function alsoClosing(error: RemoteMediaError, problem: unknown): RemoteMediaError {
  if (problem instanceof NodeError && problem !== error)
    error.message += `\nThen node ${problem.nodeId} could not be closed: ${problem.message}`;
  return error;
}

function noLoads(): LoadMetrics {
  return { wasm_ms: null, pyodide_ms: null, packages_ms: null };
}
