/** Drives an engine by the protocol's messages alone, in a thread of its own, so that every message can be seen. */
import { pathToFileURL } from 'node:url';
import { jsCatalogEntry } from '../src/js-catalog.js';
import type { JsNodeClass, JsNodeFactory } from '../src/js-node.js';
import type { CatalogEntry, Manifest, ManifestNode } from '../src/manifest.js';
import { decodePacket } from '../src/packet-decode.js';
import { encodePacket } from '../src/packet-encode.js';
import type { Value } from '../src/values.js';
import { PageNodes } from '../src/worker/page-nodes.js';
import type { Job, PlanSummary, RunSummary, ToPage } from '../src/worker/protocol.js';
import { startThread, type Thread } from '../src/worker/thread.js';
import { root } from './vectors.js';

/** What became of a run. */
export interface Outcome {
  /** Per sink, in order. */
  readonly sinks: Record<string, Value[]>;
  readonly summary: RunSummary | null;
  readonly failed: Extract<ToPage, { type: 'failed' }> | null;
  /** For how many pushes each answer said that generating sources had ended. */
  readonly ended: boolean[];
  readonly messages: ToPage[];
}

/** How to run. */
export interface RunSettings extends Partial<Job> {
  /** Items per push. */
  batch?: number;
  /** Most pushes to generating sources. */
  ticks?: number;
  /** Called with every message. */
  onMessage?: (message: ToPage) => void;
}

/** A chain of nodes of these types, `n0` first. */
export function chain(...nodes: (Partial<ManifestNode> & { node_type: string })[]): Manifest {
  const full = nodes.map((node, index) => ({ id: `n${index}`, ...node }));
  const connections = full.slice(1).map(({ id }, index) => ({ from: full[index]?.id ?? '', to: id }));
  return { version: 'v1', nodes: full, connections };
}

/** A module of a JavaScript node as a URL. */
export function moduleOf(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** An engine in a worker, with its page. */
export class Driver {
  private readonly thread: Thread;
  private listener: (message: ToPage) => void = () => {};
  private end: (reason: Error) => void = () => {};
  private readonly page: PageNodes;
  private readonly nodes = new Map<string, { make: JsNodeFactory | JsNodeClass; entry: CatalogEntry }>();
  private readonly modules = new Map<string, string>();
  private last = 0;

  /** `assets` as in a runner's options; `interrupt` is memory through which Python can be interrupted. */
  constructor({ wasm, interrupt }: { wasm?: string; interrupt?: SharedArrayBuffer } = {}) {
    const base = pathToFileURL(`${root}dist/remotemedia/`).href;
    const events = {
      message: (message: ToPage) => this.handle(message),
      dead: (reason: unknown) => this.end(new Error(`the thread died: ${String(reason)}`)),
    };
    this.thread = startThread(events, pathToFileURL(`${root}.cache/vitest-lib/engine.worker.js`).href);
    this.page = new PageNodes((type) => this.nodes.get(type)?.make);
    this.thread.post({
      type: 'init',
      assets: { wasm: wasm ?? `${base}runtime.wasm`, pyodide: `${base}pyodide/` },
      lock: null,
      interrupt: interrupt ?? null,
    });
  }

  /** Registers nodes of the page. */
  register(type: string, make: JsNodeFactory | JsNodeClass, catalog: Partial<CatalogEntry> = {}): void {
    this.nodes.set(type, { make, entry: jsCatalogEntry(type, catalog) });
  }

  /** Registers a module of a node, given by its source. */
  registerModule(type: string, source: string): void {
    this.modules.set(type, moduleOf(source));
  }

  /** Runs a pipeline, and resolves with all that became of it. */
  async run(manifest: Manifest, items: readonly Value[] = [], settings: RunSettings = {}): Promise<Outcome> {
    const { batch = 1000, ticks = 100, onMessage, ...job } = settings;
    const run = ++this.last;
    const inbox = new Inbox();
    this.listener = (message) => {
      onMessage?.(message);
      inbox.add(message);
    };
    this.end = (reason) => inbox.fail(reason);
    this.thread.post({ type: 'start', run, job: { ...this.job(manifest), ...job } });
    const ended: boolean[] = [];
    const packets: Uint8Array[] = [];
    let plan: PlanSummary | null = null;
    let round = 0;
    const push = () => {
      const generates = plan?.inputs.some(({ generates: own }) => own) ?? false;
      const more = generates ? !ended.at(-1) && ended.length < ticks : round < items.length;
      if (!more) return this.thread.post({ type: 'finish', run });
      const values = generates ? Array<null>(batch).fill(null) : items.slice(round, round + batch);
      this.push(run, plan, values, round);
      round += values.length;
    };
    for (;;) {
      const message = await inbox.next();
      if (message.type === 'planned') plan = message.plan;
      if (message.type === 'batch') ended.push(message.ended);
      if ('packets' in message) {
        packets.push(...message.packets.map(({ buffer, length }) => new Uint8Array(buffer, 0, length)));
      }
      if (message.type === 'planned' || message.type === 'batch') push();
      if (message.type !== 'finished' && message.type !== 'failed') continue;
      const failed = message.type === 'failed' ? message : null;
      const below = failed ? (failed.error.round ?? 0) : Number.POSITIVE_INFINITY;
      const summary = message.type === 'finished' ? message.summary : null;
      return { sinks: sinksOf(plan, packets, below), summary, failed, ended, messages: inbox.all };
    }
  }

  /** Asks for the end of the run that is under way. */
  cancel(): void {
    this.thread.post({ type: 'cancel', run: this.last });
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.thread.terminate();
    await this.page.closeAll();
  }

  private job(manifest: Manifest): Job {
    return {
      kind: 'run',
      manifest: JSON.stringify(manifest),
      runtimeHint: 'auto',
      metrics: false,
      trace: false,
      circuits: {},
      pageNodes: [...this.nodes.values()].map(({ entry }) => entry),
      nodeModules: [...this.modules].map(([type, url]) => ({ type, url })),
      bundle: null,
    };
  }

  private push(run: number, plan: PlanSummary | null, values: readonly Value[], first: number): void {
    const rounds = values.map((_, index) => first + index);
    const packets = (plan?.inputs ?? []).map(({ edge, segment }) => {
      const { buffer, length } = encodePacket({ rounds, edges: edge, values });
      return { segment, packet: { buffer, length } };
    });
    const transfer = packets.map(({ packet }) => packet.buffer);
    this.thread.post({ type: 'push', run, packets }, transfer);
  }

  private handle(message: ToPage): void {
    if (message.type === 'page-call') void this.answer(message);
    else this.listener(message);
  }

  private async answer({ call, request }: Extract<ToPage, { type: 'page-call' }>): Promise<void> {
    this.thread.post({ type: 'page-reply', call, reply: await this.page.answer(request) });
  }
}

/** Messages in the order in which they came. */
class Inbox {
  readonly all: ToPage[] = [];
  private read = 0;
  private wake: () => void = () => {};
  private failure: Error | null = null;

  add(message: ToPage): void {
    this.all.push(message);
    this.wake();
  }

  fail(reason: Error): void {
    this.failure = reason;
    this.wake();
  }

  async next(): Promise<ToPage> {
    while (this.read === this.all.length) {
      if (this.failure) throw this.failure;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.all[this.read++] as ToPage;
  }
}

function sinksOf(
  plan: PlanSummary | null,
  packets: readonly Uint8Array[],
  below: number,
): Record<string, Value[]> {
  const sinks: Record<string, Value[]> = {};
  for (const { node } of plan?.outputs ?? []) sinks[node] = [];
  for (const packet of packets) {
    const { rounds, edges, values } = decodePacket(packet);
    values.forEach((value, index) => {
      const sink = plan?.outputs.find(({ edge }) => edge === edges[index])?.node ?? '?';
      if ((rounds[index] ?? 0) < below) sinks[sink]?.push(value);
    });
  }
  return sinks;
}
