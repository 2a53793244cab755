/** The wiring of a segment of JavaScript nodes: who gets what, and what leaves. */
import type { JsNode, Output } from '../js-node.js';
import { type Packet, packetSize, readLayout, writeContiguous } from '../packet.js';
import { decodeParts } from '../packet-decode.js';
import { encodePacket } from '../packet-encode.js';
import type { Value } from '../values.js';
import type { Until } from '../worker/protocol.js';
import { addressed, type Ticker } from './js-calls.js';
import type { CircuitBreaker } from './js-circuit.js';
import type { Outgoing, SegmentNode, SegmentPlan } from './place.js';

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
export interface Station {
  readonly node: SegmentNode;
  readonly order: number;
  readonly instance: JsNode;
  /** Names of its output ports. */
  readonly ports: Set<string>;
  readonly routes: Route[];
  readonly circuit: CircuitBreaker;
  /** Of a node without input ports, else null. */
  readonly ticker: Ticker | null;
  arrivals: Arrival[];
  readonly counts: {
    calls: number;
    failures: number;
    totalUs: number;
    minUs: number | null;
    maxUs: number | null;
  };
}

/** Items on their way between the nodes of a segment. */
export class JsGraph {
  /** In the order of execution. */
  readonly stations: Station[] = [];
  /** Per edge into the segment: where its items go. */
  private readonly entrances = new Map<number, Route>();
  private departures: Departure[] = [];

  /** Connects the stations that are there now. */
  connect(plan: SegmentPlan): void {
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

  /** Delivers a batch; all items of a flush call count as one round. */
  accept(packets: readonly Packet[], isFlush: boolean): void {
    this.departures = [];
    for (const packet of packets) {
      const whole = new Uint8Array(packetSize(packet));
      // A copy, because nodes may keep what they get.
      writeContiguous(packet, whole);
      const { rounds, edges, values } = decodeParts(readLayout(whole));
      values.forEach((value, index) => {
        const route = this.entrances.get(edges[index] ?? -1);
        if (route) this.deliver(route, isFlush ? 0 : (rounds[index] ?? 0), value, null);
      });
    }
  }

  /** What waits for a node, in the order in which it is to be processed. */
  take(station: Station): Arrival[] {
    const arrivals = station.arrivals.sort((a, b) => a.round - b.round || a.rank - b.rank);
    station.arrivals = [];
    return arrivals;
  }

  /** Hands an output to all who are connected to its port. */
  emit(station: Station, round: number, output: Output): void {
    const { port, value } = addressed(output);
    for (const route of station.routes) {
      if (route.port === port || route.port === '*') this.deliver(route, round, value, station);
    }
  }

  /** Encodes what leaves, below the limit. */
  leaving(limit: Until): Outgoing[] {
    const leaving = this.departures.filter(({ round, from }) => isBelow(round, from.order, limit));
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

  private deliver(
    { target, rank, targetPort }: Route,
    round: number,
    value: Value,
    from: Station | null,
  ): void {
    if ('arrivals' in target) target.arrivals.push({ round, rank, port: targetPort, value });
    else if (from) this.departures.push({ round, edge: target.edge, to: target.to, value, from });
  }
}

/** Whether the call (round, order) is smaller than a limit. */
export function isBelow(round: number, order: number, until: Until): boolean {
  return round < until.round || (round === until.round && order < until.order);
}

function splitEndpoint(endpoint: string): [id: string, port: string] {
  const dot = endpoint.lastIndexOf('.');
  return [endpoint.slice(0, dot), endpoint.slice(dot + 1)];
}
