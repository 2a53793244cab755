/**
 * The JavaScript engine: runs a segment of JavaScript nodes, node by node over a batch, with the semantics of
 * docs/internals/plan.md. Unlike the others it may wait, so its calls are always done or failed.
 */
import { asError, CancelledError, NodeError, type RemoteMediaError } from '../errors.js';
import { type JsNode, Out, type Outputs } from '../js-node.js';
import type { Packet } from '../packet.js';
import { packetSize, readLayout, writeContiguous } from '../packet.js';
import { decodeParts } from '../packet-decode.js';
import { encodeLoose, encodePacket } from '../packet-encode.js';
import type { Value } from '../values.js';
import type { Until } from '../worker/protocol.js';
import { delay } from './event-loop.js';
import {
  done,
  failed,
  type MaybePromise,
  noLimit,
  type Outgoing,
  type Segment,
  type SegmentMetrics,
  type SegmentNode,
  type SegmentPlan,
  type StepResult,
} from './place.js';

const keptSkips = 100;
const runtime = 'js';

/** An item at the entrance of a node. */
interface Arrival {
  readonly round: number;
  /** Place of its connection in the segment's list. */
  readonly rank: number;
  readonly port: string;
  readonly value: Value;
}

/** An item that leaves the segment. */
interface Departure {
  readonly round: number;
  readonly edge: number;
  readonly to: number | null;
  readonly value: Value;
  readonly from: Station;
}

interface Route {
  readonly port: string;
  readonly rank: number;
  readonly target: Station | Exit;
  readonly targetPort: string;
}

interface Exit {
  readonly edge: number;
  readonly to: number | null;
}

/** A node with what waits for it, where its outputs go, and its counters. */
interface Station {
  readonly node: SegmentNode;
  readonly order: number;
  readonly instance: JsNode;
  /** Names of its output ports. */
  readonly ports: Set<string>;
  readonly routes: Route[];
  arrivals: Arrival[];
  readonly counts: {
    calls: number;
    failures: number;
    totalUs: number;
    minUs: number | null;
    maxUs: number | null;
  };
}

/** Makes the node of a segment. */
export type MakeNode = (node: SegmentNode) => MaybePromise<JsNode>;

/** The output ports that the catalog declares for a type of nodes. */
export type PortsOf = (type: string) => readonly string[] | undefined;

/** An open segment of JavaScript nodes. */
export class JsSegment implements Segment {
  private readonly stations: Station[] = [];
  /** Per edge into the segment: where its items go. */
  private readonly entrances = new Map<number, Route>();
  private readonly measures: boolean;
  private readonly skipped: RemoteMediaError[] = [];
  private skippedCount = 0;
  private departures: Departure[] = [];
  private readonly closing = new AbortController();

  private constructor(plan: SegmentPlan) {
    this.measures = plan.metrics;
  }

  /**
   * Makes the nodes of a segment. If one cannot be made, those made before are closed. A node has the output ports that
   * `portsOf` declares, or only `out` if that knows none, and those that connections of the segment name.
   */
  static async open(plan: SegmentPlan, make: MakeNode, portsOf?: PortsOf): Promise<JsSegment> {
    const segment = new JsSegment(plan);
    try {
      for (const node of plan.nodes)
        if (node.order !== undefined)
          await segment.addNode(node, node.order, make, portsOf?.(node.node_type) ?? ['out']);
    } catch (error) {
      await segment.close();
      throw error;
    }
    segment.connect(plan);
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
      nodes: this.stations.map(({ node, counts }) => ({
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
    };
  }

  /** A call that is under way is not waited for, because it may never end; it is the last one. */
  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort(new CancelledError('the segment was closed'));
    for (const { instance } of [...this.stations].reverse()) {
      try {
        await instance.close?.();
      } catch {
        // The others are closed all the same.
      }
    }
  }

  private async addNode(
    node: SegmentNode,
    order: number,
    make: MakeNode,
    declared: readonly string[],
  ): Promise<void> {
    try {
      const instance = await make(node);
      const counts = { calls: 0, failures: 0, totalUs: 0, minUs: null, maxUs: null };
      const ports = new Set(declared);
      this.stations.push({ node, order, instance, ports, routes: [], arrivals: [], counts });
      await instance.init?.({ ...node.params } as Parameters<NonNullable<JsNode['init']>>[0]);
    } catch (error) {
      throw nodeError(error, node, order, null, null);
    }
  }

  private connect(plan: SegmentPlan): void {
    const byId = new Map(plan.nodes.map((node) => [node.id, node]));
    const stations = new Map(this.stations.map((station) => [station.node.id, station]));
    plan.connections.forEach(({ from, to }, rank) => {
      const [fromId, port] = splitEndpoint(from);
      const [toId, targetPort] = splitEndpoint(to);
      const exit = byId.get(toId)?.params as Partial<Exit> | undefined;
      const target = stations.get(toId) ?? { edge: exit?.edge ?? 0, to: exit?.to ?? null };
      const route = { port, rank, target, targetPort };
      const source = stations.get(fromId);
      if (source) {
        source.routes.push(route);
        if (port !== '*') source.ports.add(port);
      } else this.entrances.set(byId.get(fromId)?.params.edge as number, route);
    });
  }

  private async pass(packets: readonly Packet[], until: Until, isFlush: boolean): Promise<StepResult> {
    let limit = until;
    let error: RemoteMediaError | null = null;
    this.departures = [];
    for (const packet of packets) this.accept(packet, isFlush);
    for (const station of this.stations) {
      const begun = this.measures ? performance.now() : 0;
      const failure = await this.runStation(station, limit, isFlush);
      if (this.measures) addTime(station, 1000 * (performance.now() - begun));
      if (failure) {
        error = failure;
        limit = { round: failure.round ?? 0, order: station.order };
      }
    }
    return this.result(limit, error);
  }

  private accept(packet: Packet, isFlush: boolean): void {
    const whole = new Uint8Array(packetSize(packet));
    // A copy, because nodes may keep what they get.
    writeContiguous(packet, whole);
    const { rounds, edges, values } = decodeParts(readLayout(whole));
    values.forEach((value, index) => {
      const route = this.entrances.get(edges[index] ?? -1);
      if (!route) return;
      this.deliver(route, isFlush ? 0 : (rounds[index] ?? 0), value, null);
    });
  }

  private async runStation(
    station: Station,
    limit: Until,
    isFlush: boolean,
  ): Promise<RemoteMediaError | null> {
    const arrivals = station.arrivals.sort((a, b) => a.round - b.round || a.rank - b.rank);
    station.arrivals = [];
    for (const { round, port, value } of arrivals) {
      if (!isBelow(round, station.order, limit)) return null;
      const call = () => station.instance.process(value, port);
      const failure = await this.attempt(station, round, isFlush, station.counts, call);
      if (failure) return failure;
    }
    const { instance } = station;
    if (!isFlush || !instance.flush || !isBelow(0, station.order, limit)) return null;
    return this.attempt(station, 0, true, null, () => instance.flush?.());
  }

  /**
   * One call with its retries; its outputs travel only if it succeeds and all of them can. `counts` is null for a node's
   * own flush, which is no call of `process`. Throws if closed.
   */
  private async attempt(
    station: Station,
    round: number,
    isFlush: boolean,
    counts: Station['counts'] | null,
    call: () => Outputs | Promise<Outputs>,
  ): Promise<RemoteMediaError | null> {
    const { node, order, ports } = station;
    const { signal } = this.closing;
    const retries = node.retry?.max_retries ?? 0;
    for (let retry = 0; ; retry++) {
      signal.throwIfAborted();
      if (counts) counts.calls++;
      try {
        const outputs = await collect(call(), signal);
        for (const output of outputs) check(output, ports);
        for (const output of outputs) this.emit(station, round, output);
        return null;
      } catch (thrown) {
        signal.throwIfAborted();
        if (counts) counts.failures++;
        const error = nodeError(thrown, node, order, round, isFlush ? null : round);
        if (node.retry && retry < retries) {
          await delay(backoff(node.retry, retry), signal);
          continue;
        }
        if (node.on_error !== 'skip') return error;
        this.skippedCount++;
        if (this.skipped.length < keptSkips) this.skipped.push(error);
        return null;
      }
    }
  }

  private emit(station: Station, round: number, output: Value | Out): void {
    const { port, value } = addressed(output);
    for (const route of station.routes) {
      if (route.port === port || route.port === '*') this.deliver(route, round, value, station);
    }
  }

  private deliver(
    { target, rank, targetPort }: Route,
    round: number,
    value: Value,
    from: Station | null,
  ): void {
    if ('arrivals' in target) target.arrivals.push({ round, rank, port: targetPort, value });
    else if (from) this.departures.push({ round, edge: target.edge, to: target.to, value, from });
  }

  /** Encodes what leaves, below the limit. */
  private result(limit: Until, error: RemoteMediaError | null): StepResult {
    const leaving = this.departures.filter(({ round, from }) => isBelow(round, from.order, limit));
    return {
      status: error ? failed : done,
      sleepMs: 0,
      outputs: encodeDepartures(leaving),
      error: error?.toJSON() ?? null,
    };
  }
}

function encodeDepartures(leaving: readonly Departure[]): Outgoing[] {
  const targets = new Set(leaving.map(({ to }) => to));
  return [...targets].map((to) => {
    const items = leaving.filter((departure) => departure.to === to);
    const whole = encodePacket({
      rounds: items.map(({ round }) => round),
      edges: items.map(({ edge }) => edge),
      values: items.map(({ value }) => value),
    });
    return { to, packet: readLayout(whole) };
  });
}

/** Throws if an output is for a port that the node does not have, or cannot travel. */
function check(output: Value | Out, ports: ReadonlySet<string>): void {
  const { port, value } = addressed(output);
  if (!ports.has(port)) {
    throw new Error(`there is no output port '${port}', only ${[...ports].join(', ')}`);
  }
  // Copies no arrays.
  if (typeof value === 'object' ? value !== null : typeof value !== 'number') {
    encodeLoose({ rounds: [0], edges: 0, values: [value] });
  }
}

function addressed(output: Value | Out): { port: string; value: Value } {
  return output instanceof Out ? output : { port: 'out', value: output };
}

/** All outputs of a call, which count only when it has ended. Goes no further once `signal` is aborted. */
async function collect(outputs: Outputs | Promise<Outputs>, signal: AbortSignal): Promise<(Value | Out)[]> {
  const given = await outputs;
  signal.throwIfAborted();
  if (given === undefined) return [];
  if (!isGenerator(given)) return [given as Value | Out];
  const collected: (Value | Out)[] = [];
  for await (const output of given) {
    signal.throwIfAborted();
    collected.push(output);
  }
  return collected;
}

function isGenerator(given: unknown): given is Generator<Value | Out> | AsyncGenerator<Value | Out> {
  if (typeof given !== 'object' || given === null) return false;
  const { next } = given as { next?: unknown };
  return typeof next === 'function' && (Symbol.iterator in given || Symbol.asyncIterator in given);
}

function isBelow(round: number, order: number, until: Until): boolean {
  return round < until.round || (round === until.round && order < until.order);
}

function splitEndpoint(endpoint: string): [id: string, port: string] {
  const dot = endpoint.lastIndexOf('.');
  return [endpoint.slice(0, dot), endpoint.slice(dot + 1)];
}

function backoff(retry: SegmentNode['retry'], attempt: number): number {
  if (!retry) return 0;
  return Math.random() * Math.min(retry.max_delay_ms, retry.base_delay_ms * retry.multiplier ** attempt);
}

function addTime({ counts }: Station, us: number): void {
  counts.totalUs += us;
  counts.minUs = Math.min(counts.minUs ?? us, us);
  counts.maxUs = Math.max(counts.maxUs ?? us, us);
}

function nodeError(
  thrown: unknown,
  node: SegmentNode,
  order: number,
  round: number | null,
  itemIndex: number | null,
): RemoteMediaError {
  const { message, code, path, traceback } = asError(thrown);
  return new NodeError(message, {
    code: code === 'unrepresentable_value' ? code : 'node_error',
    nodeId: node.id,
    nodeType: node.node_type,
    runtime,
    itemIndex,
    path,
    traceback,
    round,
    order,
    cause: thrown,
  });
}
