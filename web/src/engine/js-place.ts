/** Places of JavaScript nodes: `js:worker` (modules imported here) and `js:page` (functions on the caller's thread). */
import { asError, errorFromWire, RuntimeLoadError } from '../errors.js';
import { jsCatalogEntry } from '../js-catalog.js';
import { type JsNodeClass, type JsNodeFactory, makeNode } from '../js-node.js';
import type { CatalogEntry } from '../manifest.js';
import { type Packet, packetSize, readLayout, writeContiguous } from '../packet.js';
import type { NodeModule, PageCall, PageReply, Until } from '../worker/protocol.js';
import { JsSegment } from './js-engine.js';
import { portsOf } from './js-ports.js';
import {
  done,
  type Enter,
  ended,
  failed,
  type Segment,
  type SegmentMetrics,
  type SegmentNode,
  type SegmentPlan,
  type StepResult,
} from './place.js';

/** A module of a node: the factory or class by default, and optionally what the planner should know. */
interface NodeModuleExports {
  default: JsNodeFactory | JsNodeClass;
  catalog?: Partial<CatalogEntry>;
}

type Reply<Op extends PageReply['op']> = Extract<PageReply, { op: Op }>;

/** JavaScript nodes as the engine sees them. */
export class JsPlace {
  private readonly factories = new Map<string, JsNodeFactory | JsNodeClass>();
  private entries: readonly CatalogEntry[] = [];
  private readonly askPage: (request: PageCall, transfer: ArrayBuffer[]) => Promise<PageReply>;

  constructor(askPage: (request: PageCall, transfer: ArrayBuffer[]) => Promise<PageReply>) {
    this.askPage = askPage;
  }

  /** Imports modules of nodes; returns their catalog entries. Throws RuntimeLoadError. */
  async importModules(modules: readonly NodeModule[]): Promise<readonly CatalogEntry[]> {
    this.entries = await Promise.all(
      modules.map(async ({ type, url }) => {
        const exports = (await import(/* @vite-ignore */ /* webpackIgnore: true */ url).catch(
          (error: unknown) => {
            throw new RuntimeLoadError(`node ${type} cannot be imported from ${url}: ${String(error)}`, {
              cause: error,
            });
          },
        )) as NodeModuleExports;
        if (typeof exports.default !== 'function') {
          throw new RuntimeLoadError(`${url} has no default export that makes a ${type}`);
        }
        this.factories.set(type, exports.default);
        return jsCatalogEntry(type, exports.catalog);
      }),
    );
    return this.entries;
  }

  /** Opens a segment of imported nodes. Once `signal` is aborted no further node is made. */
  open(plan: SegmentPlan, enter: Enter, signal: AbortSignal): Promise<Segment> {
    const make = ({ node_type: type, params, id }: SegmentNode) => {
      signal.throwIfAborted();
      const factory = this.factories.get(type);
      if (!factory) throw new RuntimeLoadError(`node ${type} is not registered`);
      return makeNode(factory, { ...params } as Parameters<JsNodeFactory>[0], id);
    };
    return JsSegment.open(plan, make, { portsOf: portsOf(this.entries), enter });
  }

  /** Opens a segment of nodes that live on the page. */
  async openOnPage(segment: string): Promise<Segment> {
    const { handle } = await this.ask('opened', { op: 'open', segment });
    return new PageSegment((op, request, transfer) => this.ask(op, request, transfer), handle);
  }

  private async ask<Op extends PageReply['op']>(
    op: Op,
    request: PageCall,
    transfer: ArrayBuffer[] = [],
  ): Promise<Reply<Op>> {
    const reply = await this.askPage(request, transfer);
    if (reply.op === 'failed') throw errorFromWire(reply.error);
    if (reply.op !== op) throw asError(new Error(`the page answered ${reply.op} instead of ${op}`));
    return reply as Reply<Op>;
  }
}

class PageSegment implements Segment {
  private readonly ask: <Op extends PageReply['op']>(
    op: Op,
    request: PageCall,
    transfer?: ArrayBuffer[],
  ) => Promise<Reply<Op>>;
  private readonly handle: number;
  private isOpen = true;

  constructor(ask: PageSegment['ask'], handle: number) {
    this.ask = ask;
    this.handle = handle;
  }

  run(packets: readonly Packet[], until: Until): Promise<StepResult> {
    return this.step('run', packets, until);
  }

  flush(packets: readonly Packet[], until: Until): Promise<StepResult> {
    return this.step('flush', packets, until);
  }

  resume(): StepResult {
    return { status: done, sleepMs: 0, outputs: [], error: null };
  }

  async metrics(): Promise<SegmentMetrics> {
    const { json } = await this.ask('metrics', { op: 'metrics', handle: this.handle });
    return JSON.parse(json) as SegmentMetrics;
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.ask('closed', { op: 'close', handle: this.handle });
  }

  private async step(op: 'run' | 'flush', packets: readonly Packet[], until: Until): Promise<StepResult> {
    const copies = packets.map((packet) => {
      const buffer = new ArrayBuffer(packetSize(packet));
      return { buffer, length: writeContiguous(packet, new Uint8Array(buffer)) };
    });
    const request: PageCall = { op, handle: this.handle, packets: copies, until };
    const transfer = copies.map(({ buffer }) => buffer);
    const { outputs, error, ended: isOver } = await this.ask('ran', request, transfer);
    return {
      status: error ? failed : isOver ? ended : done,
      sleepMs: 0,
      error,
      outputs: outputs.map(({ to, packet }) => ({
        to,
        packet: readLayout(new Uint8Array(packet.buffer, 0, packet.length)),
      })),
    };
  }
}
