/**
 * The Python runtime: Pyodide from the assets folder, and in it `remotemedia._hosts.pyodide`
 * (docs/internals/boundaries.md). One call per batch, through proxies that are made once.
 */
import { errorFromWire, RuntimeLoadError } from '../errors.js';
import type { ProgressEvent } from '../metrics.js';
import { localPath } from '../node.js';
import type { Packet } from '../packet.js';
import type { Bundle, EngineAssets, Until } from '../worker/protocol.js';
import type { MaybePromise, Segment, SegmentMetrics, SegmentPlan, StepResult } from './place.js';
import type {
  AsyncStepCall,
  EnterHandle,
  LoadPyodide,
  Pyodide,
  PyodideModule,
  StepCall,
} from './pyodide-api.js';
import { writeFiles } from './python-files.js';
import { Host } from './python-host.js';
import { normalName, Wheels } from './python-packages.js';

const ownPackage = 'remotemedia';
const arrayPackage = 'numpy';
/** In a header: a reference of a kind that needs numpy. A map that looks like one does no harm. */
const arrayReference = /"kind": ?"(tensor|audio)"/;
const utf8 = new TextDecoder();

/** What Python tells, and how loading goes. */
export interface PythonHooks {
  /** Called before a call of a node with a deadline. */
  readonly enter: EnterHandle;
  output(stream: 'stdout' | 'stderr', text: string): void;
  /** `load-pyodide`: how many of its three parts are there; `load-packages`: how many packages. */
  progress(phase: ProgressEvent['phase'], loaded: number, total: number): void;
  /** A part of loading is done that began at that time; packages that come with Pyodide's start are part of it. */
  loaded(part: 'pyodide' | 'packages', begun: number): void;
  /** Where an interrupt is written, if the page is isolated. */
  readonly interrupt: Uint8Array | null;
  /** Starts Pyodide where its script cannot be imported. */
  readonly loadPyodide?: LoadPyodide | undefined;
}

/** A place that runs Python nodes. */
export class PythonPlace {
  readonly host: Host;
  private readonly pyodide: Pyodide;
  private readonly hooks: PythonHooks;
  private readonly packages: Set<string>;
  private readonly wheels: Wheels;
  /** Id of the bundle whose nodes are known here. */
  private bundle: string | null = null;

  private constructor(
    pyodide: Pyodide,
    host: Host,
    packages: Set<string>,
    wheels: Wheels,
    hooks: PythonHooks,
  ) {
    this.pyodide = pyodide;
    this.host = host;
    this.packages = packages;
    this.wheels = wheels;
    this.hooks = hooks;
  }

  /** Starts Python, fetching those packages meanwhile that come with it. Throws RuntimeLoadError. */
  static async load(
    { pyodide: baseUrl, packages: named }: Pick<EngineAssets, 'pyodide' | 'packages'>,
    requires: readonly string[],
    hooks: PythonHooks,
  ): Promise<PythonPlace> {
    const wheels = new Wheels(named);
    // What goes wrong with a wheel only `require` tells.
    const others = requires.filter((name) => !wheels.has(name));
    const packages = [ownPackage, ...others.map((name) => wheels.source(name))];
    const begun = performance.now();
    // The script, the interpreter with its packages, the engine in Python.
    const part = (loaded: number) => hooks.progress('load-pyodide', loaded, 3);
    part(0);
    try {
      const loadPyodide = hooks.loadPyodide ?? (await importPyodide(baseUrl));
      part(1);
      const pyodide = await loadPyodide({
        indexURL: localPath(baseUrl),
        // Or Pyodide in Node.js would ask a CDN for a wheel that is not in its folder.
        packageBaseUrl: localPath(baseUrl),
        packages,
        stdout: (text) => hooks.output('stdout', text),
        stderr: (text) => hooks.output('stderr', text),
      });
      part(2);
      hooks.loaded('pyodide', begun);
      const started = performance.now();
      const imported = pyodide.pyimport('remotemedia._hosts.pyodide');
      const host = new Host(imported.connect(hooks.enter));
      imported.destroy();
      if (hooks.interrupt) pyodide.setInterruptBuffer(hooks.interrupt);
      hooks.loaded('packages', started);
      part(3);
      // Pyodide starts without those that cannot be loaded; `require` tells why.
      const there = new Set(Object.keys(pyodide.loadedPackages).map(normalName));
      const loaded = packages.filter((name) => there.has(normalName(name)));
      return new PythonPlace(pyodide, host, new Set(loaded), wheels, hooks);
    } catch (error) {
      throw new RuntimeLoadError(`Python cannot be started from ${baseUrl}: ${String(error)}`, {
        cause: error,
      });
    }
  }

  /** Loads packages that are not there yet. Throws RuntimeLoadError. */
  async require(names: readonly string[]): Promise<void> {
    const missing = names.filter((name) => !this.packages.has(name));
    if (missing.length === 0) return;
    const sources = missing.map((name) => this.wheels.source(name));
    const begun = performance.now();
    const progress = (loaded: number) => this.hooks.progress('load-packages', loaded, missing.length);
    progress(0);
    const problems: string[] = [];
    const callbacks = {
      messageCallback: () => {},
      errorCallback: (text: string) => void problems.push(text),
    };
    await this.pyodide
      .loadPackage(sources, callbacks)
      .catch((error: unknown) => problems.push(String(error)));
    if (problems.length > 0) {
      throw new RuntimeLoadError(`packages ${missing.join(', ')} cannot be loaded: ${problems.join('; ')}`);
    }
    for (const name of missing) this.packages.add(name);
    this.hooks.loaded('packages', begun);
    progress(missing.length);
  }

  /** Makes a bundle's nodes and files known, if the segments use any. Throws RuntimeLoadError. */
  mount(bundle: Bundle, segments: readonly SegmentPlan[]): void {
    const own = new Set(bundle.places.python?.map(({ type }) => type));
    const isUsed = segments.some(({ nodes }) => nodes.some(({ node_type }) => own.has(node_type)));
    if (!isUsed || this.bundle === bundle.id) return;
    const begun = performance.now();
    const root = writeFiles(this.pyodide.FS, bundle);
    const catalog = JSON.stringify(bundle.places.python);
    if (this.host.methods.add_bundle(root, bundle.id, catalog) === 0)
      throw errorFromWire(this.host.callError());
    this.bundle = bundle.id;
    this.hooks.loaded('packages', begun);
  }

  /** Whether packets hold arrays, which are numpy's in Python, while numpy is not there yet. */
  lacksNumpy(parts: readonly unknown[]): boolean {
    if (this.packages.has(arrayPackage)) return false;
    return parts.some((part) => typeof part === 'string' && arrayReference.test(part));
  }

  /** Python's linear memory in bytes. */
  get memoryBytes(): number {
    return this.host.memoryBytes;
  }

  /** Opens a segment. Throws the error of a node that cannot be made. */
  open(segmentJson: string): PythonSegment {
    const handle = this.host.methods.open(segmentJson);
    if (handle === 0) throw errorFromWire(this.host.callError());
    return new PythonSegment(this, handle);
  }
}

async function importPyodide(baseUrl: string): Promise<LoadPyodide> {
  const url = `${baseUrl}pyodide.mjs`;
  const module: PyodideModule = await import(/* @vite-ignore */ /* webpackIgnore: true */ url);
  return module.loadPyodide;
}

/** An open segment of Python nodes. */
export class PythonSegment implements Segment {
  private readonly place: PythonPlace;
  readonly handle: number;
  private readonly calls: Record<'run' | 'resume' | 'flush', StepCall | AsyncStepCall>;
  private isOpen = true;

  constructor(place: PythonPlace, handle: number) {
    this.place = place;
    this.handle = handle;
    const { methods } = place.host;
    const { run_async: run, resume_async: resume, flush_async: flush } = methods;
    this.calls = methods.is_async(handle) ? { run, resume, flush } : methods;
  }

  run(packets: readonly Packet[], until: Until): MaybePromise<StepResult> {
    return this.give('run', packets, until);
  }

  resume(): MaybePromise<StepResult> {
    return this.step('resume', []);
  }

  flush(packets: readonly Packet[], until: Until): MaybePromise<StepResult> {
    return this.give('flush', packets, until);
  }

  metrics(): SegmentMetrics {
    return JSON.parse(this.place.host.methods.metrics(this.handle)) as SegmentMetrics;
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { error } = this.place.host.readResult(this.place.host.methods.close(this.handle));
    if (error) throw errorFromWire(error);
  }

  private give(
    call: 'run' | 'flush',
    packets: readonly Packet[],
    { round, order }: Until,
  ): MaybePromise<StepResult> {
    const parts = partsOf(packets);
    const args = [round, order, ...parts];
    if (!this.place.lacksNumpy(parts)) return this.step(call, args);
    return this.place.require([arrayPackage]).then(() => this.step(call, args));
  }

  private step(call: 'run' | 'resume' | 'flush', args: readonly unknown[]): MaybePromise<StepResult> {
    const answer = this.calls[call](this.handle, ...args);
    return typeof answer === 'number' ? this.place.host.readResult(answer) : this.awaited(answer);
  }

  private async awaited(answer: ReturnType<AsyncStepCall>): Promise<StepResult> {
    try {
      return this.place.host.readResult(await answer);
    } finally {
      answer.destroy?.();
    }
  }
}

/** A packet's header as text, then its buffers, which Python copies one by one. */
function partsOf(packets: readonly Packet[]): unknown[] {
  return packets.flatMap(({ header, buffers }) => [utf8.decode(header), ...buffers]);
}
