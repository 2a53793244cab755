/** Runs segments of nodes that are registered as functions, on the caller's thread, when the engine asks for it. */
import { JsSegment } from '../engine/js-engine.js';
import { portsOf } from '../engine/js-ports.js';
import { ended, type SegmentNode, type SegmentPlan } from '../engine/place.js';
import { asError, CancelledError, NodeTimeoutError } from '../errors.js';
import { type JsNodeClass, type JsNodeFactory, makeNode } from '../js-node.js';
import { type Packet, packetSize, readLayout, writeContiguous } from '../packet.js';
import { PageDeadline } from './page-deadline.js';
import type { PageCall, PageOutput, PageReply, TransferredPacket } from './protocol.js';

type OpenCall = Extract<PageCall, { op: 'open' }>;

interface OpenSegment {
  readonly segment: JsSegment;
  readonly deadline: PageDeadline;
}

/** The open segments of a page. */
export class PageNodes {
  private readonly factory: (type: string) => JsNodeFactory | JsNodeClass | undefined;
  /** By handle; null while it is being opened. */
  private readonly segments = new Map<number, OpenSegment | null>();
  private last = 0;

  /** `factory` finds what makes the nodes of a type. */
  constructor(factory: (type: string) => JsNodeFactory | JsNodeClass | undefined) {
    this.factory = factory;
  }

  /** Answers the engine. Never rejects. */
  async answer(call: PageCall): Promise<PageReply> {
    try {
      return await this.perform(call);
    } catch (error) {
      return { op: 'failed', error: asError(error).toJSON() };
    }
  }

  /**
   * Closes what a run left open, because its thread was ended. What is still being opened is closed as soon as its
   * nodes allow, which is not waited for.
   */
  async closeAll(): Promise<void> {
    const open = [...this.segments.values()];
    this.segments.clear();
    // Why the run ended is known already.
    await Promise.allSettled(open.map((entry) => entry?.segment.close()));
  }

  private async perform(call: PageCall): Promise<PageReply> {
    if (call.op === 'open') return this.open(call);
    const entry = this.segments.get(call.handle);
    if (!entry) throw new Error(`there is no segment ${call.handle}`);
    if ('packets' in call) return this.step(entry, call);
    const { segment } = entry;
    if (call.op === 'metrics') return { op: 'metrics', json: JSON.stringify(segment.metrics()) };
    this.segments.delete(call.handle);
    await segment.close();
    return { op: 'closed' };
  }

  private async step(
    { segment, deadline }: OpenSegment,
    call: Extract<PageCall, { packets: unknown }>,
  ): Promise<PageReply> {
    try {
      const work = () => segment[call.op](call.packets.map(asPacket), call.until);
      const { outputs, error, status } = await deadline.limit(work, call.op === 'flush');
      return {
        op: 'ran',
        error,
        ended: status === ended,
        outputs: outputs.map(({ to, packet }): PageOutput => ({ to, packet: wholeOf(packet) })),
      };
    } catch (error) {
      if (error instanceof NodeTimeoutError && error.order !== null) segment.expired(error.order);
      throw error;
    }
  }

  private async open(call: OpenCall): Promise<PageReply> {
    const handle = ++this.last;
    this.segments.set(handle, null);
    try {
      const entry = await this.openSegment(call, () => this.checkWanted(handle));
      if (!this.segments.has(handle)) await entry.segment.close();
      this.checkWanted(handle);
      this.segments.set(handle, entry);
      return { op: 'opened', handle };
    } catch (error) {
      this.segments.delete(handle);
      throw error;
    }
  }

  private checkWanted(handle: number): void {
    if (!this.segments.has(handle)) throw new CancelledError('the run ended while its nodes were being made');
  }

  private async openSegment(call: OpenCall, checkWanted: () => void): Promise<OpenSegment> {
    const make = ({ node_type: type, params, id }: SegmentNode) => {
      checkWanted();
      const factory = this.factory(type);
      if (!factory) throw new Error(`node ${type} is not registered`);
      return makeNode(factory, { ...params } as Parameters<JsNodeFactory>[0], id);
    };
    const plan = JSON.parse(call.segment) as SegmentPlan;
    const deadline = new PageDeadline(plan);
    const options = { portsOf: portsOf(call.catalog ?? []), enter: deadline.enter };
    return { segment: await JsSegment.open(plan, make, options), deadline };
  }
}

function asPacket(packet: TransferredPacket): Packet {
  return 'buffer' in packet ? readLayout(new Uint8Array(packet.buffer, 0, packet.length)) : packet;
}

function wholeOf(packet: Packet): { buffer: ArrayBuffer; length: number } {
  const buffer = new ArrayBuffer(packetSize(packet));
  return { buffer, length: writeContiguous(packet, new Uint8Array(buffer)) };
}
