/**
 * The Rust runtime: one persistent WASI reactor (docs/internals/boundaries.md), which validates, plans and runs segments.
 *
 * Views into its memory are made anew at every use, because growth detaches them.
 */
import { errorFromWire, type RemoteMediaError, RuntimeLoadError, type WireError } from '../errors.js';
import { type Packet, packetSize, writeContiguous } from '../packet.js';
import type { Until } from '../worker/protocol.js';
import { compile } from './download.js';
import { failed, type Outgoing, type Segment, type SegmentMetrics, type StepResult } from './place.js';
import { ProcessExit, type WasiFunction, wasiImports } from './wasi.js';

const abiVersion = 1;
const toHost = 0xffffffff;
const mostBytes = 0xffffffff;
/** wasm memory never shrinks: above this the module is instantiated anew between runs. */
const recycleBytes = 64 * 2 ** 20;

interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  rm_abi_version(): number;
  rm_mailbox(): number;
  rm_alloc(bytes: number): number;
  rm_plan(length: number): number;
  rm_segment_open(length: number): number;
  rm_segment_run(handle: number, length: number, untilRound: number, untilOrder: number): number;
  rm_segment_resume(handle: number): number;
  rm_segment_flush(handle: number, length: number, untilRound: number, untilOrder: number): number;
  rm_segment_metrics(handle: number): number;
  rm_segment_close(handle: number): void;
  rm_last_error(): number;
}

/** What the module tells the host while it runs. */
export interface WasiHooks {
  /** Called before a call of a node that has a deadline. */
  enter(handle: number, order: number, round: number): void;
  /** A line that the module wrote to stderr. */
  stderr(text: string): void;
  /** Bytes of the module that have come; `total` is null while unknown. */
  progress?(loaded: number, total: number | null): void;
  /** Functions for files, for a module that may have nothing else. */
  files?(memory: () => ArrayBuffer): Record<string, WasiFunction>;
}

/** A place that runs Rust nodes. */
export class WasiPlace {
  private exports: Exports | null = null;
  private readonly name: string;
  private readonly module: WebAssembly.Module;
  private readonly hooks: WasiHooks;
  private mailbox = 0;
  private renewal: Promise<void> | null = null;

  private constructor(name: string, module: WebAssembly.Module, hooks: WasiHooks) {
    this.name = name;
    this.module = module;
    this.hooks = hooks;
  }

  /** Compiles the built-in runtime, while it streams in where the host can. Throws RuntimeLoadError. */
  static load(url: string, hooks: WasiHooks): Promise<WasiPlace> {
    const compiled = () => compile(new URL(url), hooks.progress ?? (() => {}));
    return WasiPlace.start('the Rust runtime', `from ${url}`, compiled, hooks);
  }

  /** Compiles a module of a bundle. Throws RuntimeLoadError. */
  static of(name: string, bytes: Uint8Array<ArrayBuffer>, hooks: WasiHooks): Promise<WasiPlace> {
    return WasiPlace.start(name, 'from the bundle', () => WebAssembly.compile(bytes), hooks);
  }

  private static async start(
    name: string,
    from: string,
    compiled: () => Promise<WebAssembly.Module>,
    hooks: WasiHooks,
  ): Promise<WasiPlace> {
    try {
      const place = new WasiPlace(name, await compiled(), hooks);
      await place.instantiate();
      return place;
    } catch (error) {
      if (error instanceof RuntimeLoadError) throw error;
      throw new RuntimeLoadError(`${name} cannot be loaded ${from}: ${String(error)}`, { cause: error });
    }
  }

  /** Linear memory in bytes. */
  get memoryBytes(): number {
    return this.exports?.memory.buffer.byteLength ?? 0;
  }

  /** Makes the module fresh if it was lost to a trap or has grown too much. Only between runs. */
  async prepare(): Promise<void> {
    if (this.exports && this.memoryBytes <= recycleBytes) return;
    // A cancelled run may be at it still.
    this.renewal ??= this.instantiate().finally(() => {
      this.renewal = null;
    });
    await this.renewal;
  }

  /** Validates and plans: request JSON to response JSON. */
  plan(request: string): string {
    const status = this.call((exports) => exports.rm_plan(this.writeText(request)));
    if (status === failed) throw this.errorOf(this.resultText());
    return this.resultText();
  }

  /** Opens a segment. Throws the error of a node that cannot be made. */
  open(segmentJson: string): WasiSegment {
    const handle = this.call((exports) => exports.rm_segment_open(this.writeText(segmentJson)));
    if (handle === 0) throw this.errorOf(this.resultText());
    return new WasiSegment(this, this.exports, handle);
  }

  /** Writes packets back to back into the input block; returns their length. */
  writePackets(packets: readonly Packet[]): number {
    let length = 0;
    for (const packet of packets) length += packetSize(packet);
    const start = this.inputBlock(length);
    let offset = start;
    for (const packet of packets) {
      offset += writeContiguous(packet, new Uint8Array(this.memory(), offset, start + length - offset));
    }
    return length;
  }

  /**
   * Calls the module. A trap becomes the error that the module left behind, and the module is lost, with the segments
   * that it held: `owner` is the instance that a segment lives in.
   */
  call<T>(use: (exports: Exports) => T, owner: unknown = this.exports): T {
    if (!this.exports || !this.holds(owner)) throw this.gone();
    try {
      return use(this.exports);
    } catch (error) {
      if (
        error instanceof WebAssembly.RuntimeError ||
        error instanceof RangeError ||
        error instanceof ProcessExit
      ) {
        const known = this.lastError();
        this.exports = null;
        throw known ?? new RuntimeLoadError(`${this.name} stopped: ${String(error)}`, { cause: error });
      }
      throw error;
    }
  }

  /** Whether the module still stands. */
  get alive(): boolean {
    return this.exports !== null;
  }

  /** Whether this instance of the module is still the one in use. */
  holds(owner: unknown): boolean {
    return this.exports !== null && this.exports === owner;
  }

  /** The result of the last run, resume or flush. */
  readResult(status: number): StepResult {
    const table = this.table();
    const error = status === failed ? (JSON.parse(this.resultText()) as WireError) : null;
    return { status, sleepMs: table[3] ?? 0, outputs: this.readPackets(table[6] ?? 0, table[7] ?? 0), error };
  }

  /** Result JSON of the last call. */
  resultText(): string {
    const table = this.table();
    return new TextDecoder().decode(new Uint8Array(this.memory(), table[4], table[5]));
  }

  private async instantiate(): Promise<void> {
    this.exports = null;
    const { stderr, enter, files } = this.hooks;
    let exports: Exports;
    const memory = () => exports.memory.buffer as ArrayBuffer;
    const instance = await WebAssembly.instantiate(this.module, {
      wasi_snapshot_preview1: wasiImports(this.module, memory, stderr, files?.(memory)),
      remotemedia: { rm_enter: enter },
    });
    exports = instance.exports as unknown as Exports;
    exports._initialize();
    const version = exports.rm_abi_version?.();
    if (version !== abiVersion) {
      throw new RuntimeLoadError(`${this.name} has ABI version ${version}, this library needs ${abiVersion}`);
    }
    this.exports = exports;
    this.mailbox = exports.rm_mailbox();
  }

  private readPackets(recordsAt: number, count: number): Outgoing[] {
    const memory = this.memory();
    const records = new Uint32Array(memory, recordsAt, count * 5);
    const outputs: Outgoing[] = [];
    for (let at = 0; at < records.length; at += 5) {
      const [to = 0, headerAt = 0, headerLength = 0, buffersAt = 0, buffersCount = 0] = records.subarray(
        at,
        at + 5,
      );
      const pairs = new Uint32Array(memory, buffersAt, buffersCount * 2);
      const buffers = Array.from(
        { length: buffersCount },
        (_, index) => new Uint8Array(memory, pairs[2 * index], pairs[2 * index + 1]),
      );
      const header = new Uint8Array(memory, headerAt, headerLength);
      outputs.push({ to: to === toHost ? null : to, packet: { header, buffers } });
    }
    return outputs;
  }

  private writeText(text: string): number {
    const bytes = new TextEncoder().encode(text);
    const address = this.inputBlock(bytes.length); // may make the memory grow, so before the view
    new Uint8Array(this.memory()).set(bytes, address);
    return bytes.length;
  }

  /** Address of an input block of at least `length` bytes. */
  private inputBlock(length: number): number {
    const [address = 0, capacity = 0] = this.table();
    if (capacity >= length) return address;
    // Beyond 32 bits the module would be asked for the remainder.
    const allocated = length > mostBytes ? 0 : this.call((exports) => exports.rm_alloc(length));
    if (allocated !== 0) return allocated >>> 0;
    const message = `${this.name} has no memory for ${length} bytes of input`;
    throw new RuntimeLoadError(message, { code: 'out_of_memory' });
  }

  private lastError(): RemoteMediaError | null {
    try {
      return this.exports?.rm_last_error() ? this.errorOf(this.resultText()) : null;
    } catch {
      return null;
    }
  }

  private errorOf(json: string): RemoteMediaError {
    return errorFromWire(JSON.parse(json) as WireError);
  }

  private table(): Uint32Array {
    return new Uint32Array(this.memory(), this.mailbox, 8);
  }

  private memory(): ArrayBuffer {
    if (!this.exports) throw this.gone();
    return this.exports.memory.buffer as ArrayBuffer;
  }

  /** What using a segment of a lost instance throws. */
  gone(): RuntimeLoadError {
    return new RuntimeLoadError(`${this.name} is gone after a panic`);
  }
}

/** An open segment of Rust nodes. */
export class WasiSegment implements Segment {
  private readonly place: WasiPlace;
  private readonly owner: unknown;
  readonly handle: number;
  private isOpen = true;

  /** `owner` is the instance of the module that the handle belongs to. */
  constructor(place: WasiPlace, owner: unknown, handle: number) {
    this.place = place;
    this.owner = owner;
    this.handle = handle;
  }

  run(packets: readonly Packet[], { round, order }: Until): StepResult {
    const length = this.write(packets);
    return this.step((exports) => exports.rm_segment_run(this.handle, length, round, order));
  }

  resume(): StepResult {
    return this.step((exports) => exports.rm_segment_resume(this.handle));
  }

  flush(packets: readonly Packet[], { round, order }: Until): StepResult {
    const length = this.write(packets);
    return this.step((exports) => exports.rm_segment_flush(this.handle, length, round, order));
  }

  metrics(): SegmentMetrics {
    this.place.call((exports) => exports.rm_segment_metrics(this.handle), this.owner);
    return JSON.parse(this.place.resultText()) as SegmentMetrics;
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    // After a panic there is nothing left to close.
    if (this.place.holds(this.owner)) this.place.call((exports) => exports.rm_segment_close(this.handle));
  }

  private write(packets: readonly Packet[]): number {
    if (!this.place.holds(this.owner)) throw this.place.gone();
    return this.place.writePackets(packets);
  }

  private step(use: (exports: Exports) => number): StepResult {
    return this.place.readResult(this.place.call(use, this.owner));
  }
}
