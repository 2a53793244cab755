/** The Rust modules of a bundle: each a place of its own, with its own memory, loaded when a plan needs it. */
import { RuntimeLoadError } from '../errors.js';
import type { Bundle } from '../worker/protocol.js';
import type { SegmentPlan } from './place.js';
import { fileFunctions } from './wasi-files.js';
import { WasiPlace, type WasiSegment } from './wasi-place.js';

/** What modules tell. */
export interface ModuleHooks {
  enter(plan: SegmentPlan, order: number, round: number): void;
  stderr(text: string): void;
  /** A module was loaded, which `begun` at that time. */
  loaded(begun: number): void;
}

/** A module that is loaded, and plans of its open segments by handle. */
interface Loaded {
  readonly place: Promise<WasiPlace>;
  readonly plans: Map<number, SegmentPlan>;
  /** Linear memory in bytes. */
  memory(): number;
}

/** The modules of one bundle. */
export class BundleModules {
  readonly bundle: Bundle;
  private readonly hooks: ModuleHooks;
  private readonly loaded = new Map<string, Loaded>();

  constructor(bundle: Bundle, hooks: ModuleHooks) {
    this.bundle = bundle;
    this.hooks = hooks;
  }

  /** Linear memory of all of them, in bytes. */
  get memoryBytes(): number {
    return [...this.loaded.values()].reduce((sum, { memory }) => sum + memory(), 0);
  }

  /** Loads the modules of these places, and makes those fresh that broke or grew. Only between runs. */
  async prepare(places: Iterable<string>): Promise<void> {
    const ready = [...new Set(places)].map(async (place) => {
      const { place: module, plans } = this.module(place);
      await (await module).prepare();
      plans.clear();
    });
    await Promise.all(ready);
  }

  /** Opens a segment in the module of its place. Throws the error of a node that cannot be made, RuntimeLoadError. */
  async open(plan: SegmentPlan, json: string): Promise<WasiSegment> {
    const { place, plans } = this.module(plan.place);
    const segment = (await place).open(json);
    plans.set(segment.handle, plan);
    return segment;
  }

  private module(place: string): Loaded {
    const known = this.loaded.get(place);
    if (known) return known;
    const plans = new Map<number, SegmentPlan>();
    let memory = () => 0;
    const loading = this.load(place, plans).then(
      (module) => {
        memory = () => module.memoryBytes;
        return module;
      },
      (error: unknown) => {
        this.loaded.delete(place); // a failed load is tried again
        throw error;
      },
    );
    const loaded: Loaded = { place: loading, plans, memory: () => memory() };
    this.loaded.set(place, loaded);
    return loaded;
  }

  private async load(place: string, plans: ReadonlyMap<number, SegmentPlan>): Promise<WasiPlace> {
    const name = `modules/${place.slice('rust:'.length)}.wasm`;
    const bytes = this.bundle.files.get(name);
    if (!bytes) throw new RuntimeLoadError(`there is no module for the place ${place}`);
    const begun = performance.now();
    const loaded = await WasiPlace.of(name, bytes, {
      enter: (handle, order, round) => {
        const plan = plans.get(handle);
        if (plan) this.hooks.enter(plan, order, round);
      },
      stderr: this.hooks.stderr,
      files: (memory) => fileFunctions(this.bundle.files, memory),
    });
    this.hooks.loaded(begun);
    return loaded;
  }
}
