/**
 * The JavaScript engine: runs a segment of JavaScript nodes, node by node over a batch, with the semantics of
 * docs/internals/plan.md. Unlike the others it may wait, so its calls are always done, ended or failed.
 */
import { CancelledError, type RemoteMediaError } from '../errors.js';
import type { JsNode, Output } from '../js-node.js';
import type { Packet } from '../packet.js';
import type { Circuit, Until } from '../worker/protocol.js';
import { delay, nextTask } from './event-loop.js';
import { callNode, check, circuitOpen, collect, type Input, nodeError, Ticker } from './js-calls.js';
import { CircuitBreaker } from './js-circuit.js';
import { isBelow, JsGraph, type Station } from './js-graph.js';
import type { NodePorts } from './js-ports.js';
import {
  done,
  type Enter,
  ended,
  failed,
  left,
  type MaybePromise,
  noLimit,
  type Segment,
  type SegmentMetrics,
  type SegmentNode,
  type SegmentPlan,
  type StepResult,
} from './place.js';

/** How long nodes that never wait may keep the thread, in milliseconds. */
const breathMs = 8;
const keptSkips = 100;
const keptSpans = 10_000;
const runtime = 'js';

/** Makes the node of a segment. */
export type MakeNode = (node: SegmentNode) => MaybePromise<JsNode>;

/** What a segment asks of who opens it. */
export interface JsOptions {
  /** A type that it does not know has only the port `out`. */
  portsOf?(type: string): NodePorts | undefined;
  enter?: Enter;
}

/** An open segment of JavaScript nodes. */
export class JsSegment implements Segment {
  private readonly plan: SegmentPlan;
  private readonly graph = new JsGraph();
  private readonly enter: Enter | null;
  private readonly skipped: RemoteMediaError[] = [];
  private skippedCount = 0;
  private readonly closing = new AbortController();
  private readonly openedAt = performance.now();
  private lastBreath = performance.now();
  private readonly spans: [order: number, startUs: number, durationUs: number][] = [];

  private constructor(plan: SegmentPlan, enter?: Enter) {
    this.plan = plan;
    const hasDeadlines = plan.nodes.some(({ timeout_ms }) => timeout_ms !== undefined);
    this.enter = hasDeadlines && enter ? enter : null;
  }

  /**
   * Makes the nodes of a segment. If one cannot be made, those made before are closed. A node has the output ports that
   * the catalog declares and those that connections of the segment name.
   */
  static async open(plan: SegmentPlan, make: MakeNode, options: JsOptions = {}): Promise<JsSegment> {
    const segment = new JsSegment(plan, options.enter);
    try {
      for (const node of plan.nodes) {
        if (node.order === undefined) continue;
        await segment.addNode(node, node.order, make, options.portsOf?.(node.node_type));
      }
    } catch (error) {
      // What goes wrong in closing is less than what went wrong before.
      await segment.close().catch(() => {});
      throw error;
    }
    segment.graph.connect(plan);
    return segment;
  }

  run(packets: readonly Packet[], until: Until): Promise<StepResult> {
    return this.pass(packets, until, false);
  }

  flush(packets: readonly Packet[], until: Until): Promise<StepResult> {
    // All items of a flush call count as one round, so that a limit applies to the order alone.
    const limit = Number.isFinite(until.round) ? { round: 0, order: until.order } : noLimit;
    return this.pass(packets, limit, true);
  }

  resume(): StepResult {
    return { status: done, sleepMs: 0, outputs: [], error: null };
  }

  metrics(): SegmentMetrics {
    return {
      nodes: this.graph.stations.map(({ node, counts }) => ({
        node_id: node.id,
        node_type: node.node_type,
        runtime,
        execution_count: counts.calls,
        success_count: counts.calls - counts.failures,
        error_count: counts.failures,
        total_duration_us: counts.totalUs,
        min_duration_us: counts.minUs,
        max_duration_us: counts.maxUs,
      })),
      skipped: { count: this.skippedCount, errors: this.skipped.map((error) => error.toJSON()) },
      circuits: this.circuits(),
      spans: this.spans,
      opened_us: 1000 * (performance.timeOrigin + this.openedAt),
    };
  }

  /** Counts a call that took too long as failed. */
  expired(order: number): void {
    this.graph.stations.find((station) => station.order === order)?.circuit.failed();
  }

  /** A call that is under way is not waited for, because it may never end; it is the last one. */
  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort(new CancelledError('the segment was closed'));
    const problems: RemoteMediaError[] = [];
    for (const { instance, ticker, node } of [...this.graph.stations].reverse()) {
      for (const close of [() => ticker?.close(), () => callNode(instance, 'close')]) {
        try {
          await close();
        } catch (thrown) {
          problems.push(nodeError(thrown, node, null, null));
        }
      }
    }
    if (problems[0]) throw problems[0];
  }

  private circuits(): Record<string, Circuit> {
    const states = this.graph.stations.map(({ node, circuit }) => [node.id, circuit.state] as const);
    return Object.fromEntries(states.filter((entry): entry is [string, Circuit] => entry[1] !== null));
  }

  private async addNode(
    node: SegmentNode,
    order: number,
    make: MakeNode,
    { outputs, generates }: NodePorts = { outputs: ['out'], generates: false },
  ): Promise<void> {
    try {
      const instance = await make(node);
      const counts = { calls: 0, failures: 0, totalUs: 0, minUs: null, maxUs: null };
      const circuit = new CircuitBreaker(node.circuit);
      const ticker = generates ? new Ticker() : null;
      const empty = { ports: new Set(outputs), routes: [], arrivals: [] };
      this.graph.stations.push({ node, order, instance, circuit, ticker, counts, ...empty });
      await callNode(instance, 'init', node.params);
    } catch (error) {
      throw nodeError(error, node, null, null);
    }
  }

  private async pass(packets: readonly Packet[], until: Until, isFlush: boolean): Promise<StepResult> {
    let limit = until;
    let error: RemoteMediaError | null = null;
    this.graph.accept(packets, isFlush);
    for (const station of this.graph.stations) {
      const failure = await this.timed(station, () => this.runStation(station, limit, isFlush));
      if (!failure) continue;
      error = failure;
      limit = { round: failure.round ?? 0, order: station.order };
    }
    return {
      status: error ? failed : this.hasEnded() ? ended : done,
      sleepMs: 0,
      outputs: this.graph.leaving(limit),
      error: error?.toJSON() ?? null,
    };
  }

  /** Lets the thread do something else from time to time: it may be the page's, and a few nodes can make very many items. */
  private async breathe(): Promise<void> {
    this.enter?.(left, 0);
    await nextTask();
    this.lastBreath = performance.now();
  }

  /** Whether there are generating sources, and none has more. */
  private hasEnded(): boolean {
    const tickers = this.graph.stations.flatMap(({ ticker }) => ticker ?? []);
    return tickers.length > 0 && tickers.every(({ hasEnded }) => hasEnded);
  }

  private async timed<T>(station: Station, work: () => Promise<T>): Promise<T> {
    if (!this.plan.metrics && !this.plan.trace) return work();
    const begun = performance.now();
    const result = await work();
    const us = 1000 * (performance.now() - begun);
    if (this.plan.metrics) addTime(station, us);
    if (this.plan.trace && this.spans.length < keptSpans)
      this.spans.push([station.order, 1000 * (begun - this.openedAt), us]);
    return result;
  }

  private async runStation(
    station: Station,
    limit: Until,
    isFlush: boolean,
  ): Promise<RemoteMediaError | null> {
    for (const arrival of this.graph.take(station)) {
      if (performance.now() - this.lastBreath > breathMs) await this.breathe();
      if (!isBelow(arrival.round, station.order, limit)) return null;
      if (station.ticker?.hasEnded) continue;
      const failure = await this.attempt(station, arrival.round, isFlush, arrival);
      if (failure) return failure;
    }
    if (!isFlush || !station.instance.flush || !isBelow(0, station.order, limit)) return null;
    return this.attempt(station, 0, true, null);
  }

  /**
   * One call with its retries; its outputs travel only if it succeeds and all of them can. A node's own flush is no call
   * of `process`, and not counted as one. Throws if closed.
   */
  private async attempt(
    station: Station,
    round: number,
    isFlush: boolean,
    input: Input,
  ): Promise<RemoteMediaError | null> {
    const { node, circuit, ticker } = station;
    const itemIndex = isFlush ? null : round;
    const { waitMs } = circuit;
    if (waitMs > 0) return this.settle(station, circuitOpen(node, waitMs, round, itemIndex));
    const retries = ticker && input ? 0 : (node.retry?.max_retries ?? 0);
    for (let retry = 0; ; retry++) {
      try {
        for (const output of await this.call(station, round, input)) this.graph.emit(station, round, output);
        circuit.succeeded();
        return null;
      } catch (thrown) {
        this.closing.signal.throwIfAborted();
        if (input) station.counts.failures++;
        if (node.retry && retry < retries) {
          this.enter?.(left, 0);
          await delay(backoff(node.retry, retry), this.closing.signal);
          continue;
        }
        circuit.failed();
        return this.settle(station, nodeError(thrown, node, round, itemIndex));
      }
    }
  }

  /** A single call, with its deadline. Throws if an output cannot go where it wants. */
  private async call(station: Station, round: number, input: Input): Promise<Output[]> {
    const { node, instance, ticker, order } = station;
    const { signal } = this.closing;
    signal.throwIfAborted();
    this.enter?.(node.timeout_ms === undefined ? left : order, round);
    if (input) station.counts.calls++;
    const outputs = await (ticker && input
      ? ticker.tick(instance, signal)
      : collect(instance, input, signal));
    // A tick that only finds the end is no call.
    if (ticker?.hasEnded && input && outputs.length === 0) station.counts.calls--;
    for (const output of outputs) check(output, station.ports);
    return outputs;
  }

  /** An error of a call that is not made again: dropped if the node says so, else returned. */
  private settle({ node, ticker }: Station, error: RemoteMediaError): RemoteMediaError | null {
    if (ticker) ticker.hasEnded = true;
    if (node.on_error !== 'skip') return error;
    this.skippedCount++;
    if (this.skipped.length < keptSkips) this.skipped.push(error);
    return null;
  }
}

function backoff({ base_delay_ms, max_delay_ms, multiplier }: NonNullable<SegmentNode['retry']>, k: number) {
  return Math.random() * Math.min(max_delay_ms, base_delay_ms * multiplier ** k);
}

function addTime({ counts }: Station, us: number): void {
  counts.totalUs += us;
  counts.minUs = Math.min(counts.minUs ?? us, us);
  counts.maxUs = Math.max(counts.maxUs ?? us, us);
}
