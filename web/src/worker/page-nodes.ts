/** Runs segments of nodes that are registered as functions, on the caller's thread, when the engine asks for it. */
import { JsSegment } from '../engine/js-engine.js';
import type { SegmentNode, SegmentPlan } from '../engine/place.js';
import { asError, CancelledError } from '../errors.js';
import { type JsNodeClass, type JsNodeFactory, makeNode } from '../js-node.js';
import { type Packet, packetSize, readLayout, writeContiguous } from '../packet.js';
import type { PageCall, PageOutput, PageReply, TransferredPacket } from './protocol.js';

type OpenCall = Extract<PageCall, { op: 'open' }>;

/** The open segments of a page. */
export class PageNodes {
  private readonly factory: (type: string) => JsNodeFactory | JsNodeClass | undefined;
  /** By handle; null while it is being opened. */
  private readonly segments = new Map<number, JsSegment | null>();
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
    await Promise.all(open.map((segment) => segment?.close()));
  }

  private async perform(call: PageCall): Promise<PageReply> {
    if (call.op === 'open') return this.open(call);
    const segment = this.segments.get(call.handle);
    if (!segment) throw new Error(`there is no segment ${call.handle}`);
    if ('packets' in call) return this.step(segment, call);
    if (call.op === 'metrics') return { op: 'metrics', json: JSON.stringify(segment.metrics()) };
    this.segments.delete(call.handle);
    await segment.close();
    return { op: 'closed' };
  }

  private async step(segment: JsSegment, call: Extract<PageCall, { packets: unknown }>): Promise<PageReply> {
    const { outputs, error } = await segment[call.op](call.packets.map(asPacket), call.until);
    return {
      op: 'ran',
      error,
      outputs: outputs.map(({ to, packet }): PageOutput => ({ to, packet: wholeOf(packet) })),
    };
  }

  private async open(call: OpenCall): Promise<PageReply> {
    const handle = ++this.last;
    this.segments.set(handle, null);
    try {
      const segment = await this.openSegment(call, () => this.checkWanted(handle));
      if (!this.segments.has(handle)) await segment.close();
      this.checkWanted(handle);
      this.segments.set(handle, segment);
      return { op: 'opened', handle };
    } catch (error) {
      this.segments.delete(handle);
      throw error;
    }
  }

  private checkWanted(handle: number): void {
    if (!this.segments.has(handle)) throw new CancelledError('the run ended while its nodes were being made');
  }

  private openSegment({ segment, catalog }: OpenCall, checkWanted: () => void): Promise<JsSegment> {
    const make = ({ node_type: type, params, id }: SegmentNode) => {
      checkWanted();
      const factory = this.factory(type);
      if (!factory) throw new Error(`node ${type} is not registered`);
      return makeNode(factory, { ...params } as Parameters<JsNodeFactory>[0], id);
    };
    const entries = new Map(catalog?.map((entry) => [entry.type, entry]));
    return JsSegment.open(JSON.parse(segment) as SegmentPlan, make, (type) => {
      const outputs = entries.get(type)?.outputs;
      return outputs && Object.keys(outputs);
    });
  }
}

function asPacket(packet: TransferredPacket): Packet {
  return 'buffer' in packet ? readLayout(new Uint8Array(packet.buffer, 0, packet.length)) : packet;
}

function wholeOf(packet: Packet): { buffer: ArrayBuffer; length: number } {
  const buffer = new ArrayBuffer(packetSize(packet));
  return { buffer, length: writeContiguous(packet, new Uint8Array(buffer)) };
}
