/**
 * Packets, docs/internals/packets.md: the layout, without looking at values.
 *
 * Hosts forward packets between runtimes with this file alone; `packet-encode` and `packet-decode` turn them
 * into values and back.
 */
import { PacketError } from './errors.js';

/** A packet as a gather list: parts that lie anywhere in memory. */
export interface Packet {
  /** UTF-8 JSON. */
  readonly header: Uint8Array;
  readonly buffers: readonly Uint8Array[];
  /** The same packet as one block, where it happens to stand as one. */
  readonly whole?: Uint8Array;
}

const magic = 0x31504d52; // "RMP1", little-endian
const fixedFields = 16;

/** Buffers and packets start at multiples of this. */
export function align(offset: number): number {
  return (offset + 15) & ~15;
}

/** Bytes of a packet in contiguous form. */
export function contiguousSize(headerBytes: number, bufferBytes: readonly number[]): number {
  let size = align(fixedFields + 4 * bufferBytes.length + headerBytes);
  for (const bytes of bufferBytes) size += align(bytes);
  return size;
}

/** Bytes of a packet in contiguous form. */
export function packetSize(packet: Packet): number {
  if (packet.whole) return packet.whole.length;
  return contiguousSize(packet.header.length, lengthsOf(packet.buffers));
}

/** Bytes of a packet's content, for metrics. */
export function payloadSize(packet: Packet): number {
  return packet.header.length + packet.buffers.reduce((sum, buffer) => sum + buffer.length, 0);
}

/**
 * Writes the fixed fields, the table and the header at the start of `target`, and zeros the gaps.
 * Returns the offset of each buffer.
 */
export function writeLayout(target: Uint8Array, header: Uint8Array, lengths: readonly number[]): number[] {
  const view = new DataView(target.buffer, target.byteOffset, target.length);
  view.setUint32(0, magic, true);
  view.setUint32(4, contiguousSize(header.length, lengths), true);
  view.setUint32(8, header.length, true);
  view.setUint32(12, lengths.length, true);
  lengths.forEach((length, index) => {
    view.setUint32(fixedFields + 4 * index, length, true);
  });
  const headerStart = fixedFields + 4 * lengths.length;
  target.set(header, headerStart);
  let offset = zeroGap(target, headerStart + header.length);
  return lengths.map((length) => {
    const start = offset;
    offset = zeroGap(target, start + length);
    return start;
  });
}

/** Writes a packet in contiguous form; `target` must hold at least {@link packetSize} bytes. */
export function writeContiguous(packet: Packet, target: Uint8Array): number {
  if (packet.whole) {
    target.set(packet.whole);
    return packet.whole.length;
  }
  const lengths = lengthsOf(packet.buffers);
  const offsets = writeLayout(target, packet.header, lengths);
  packet.buffers.forEach((buffer, index) => {
    target.set(buffer, offsets[index]);
  });
  return contiguousSize(packet.header.length, lengths);
}

/** The first packet of `bytes` as a gather list of views. Throws PacketError if the layout does not add up. */
export function readLayout(bytes: Uint8Array): Packet & { readonly whole: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < fixedFields) throw new PacketError('the packet ends early', { path: 'length' });
  if (view.getUint32(0, true) !== magic) throw new PacketError('not a packet', { path: 'magic' });
  const total = view.getUint32(4, true);
  const headerLength = view.getUint32(8, true);
  const count = view.getUint32(12, true);
  if (total > bytes.length || total % 16 !== 0 || fixedFields + 4 * count + headerLength > total) {
    throw new PacketError('the lengths do not add up', { path: 'length' });
  }
  const lengths = Array.from({ length: count }, (_, index) => view.getUint32(fixedFields + 4 * index, true));
  const headerStart = fixedFields + 4 * count;
  let end = headerStart + headerLength;
  let offset = roundUp(end);
  const buffers: Uint8Array[] = [];
  let isClean = true;
  for (const length of lengths) {
    isClean &&= isZero(bytes, end, offset);
    end = offset + length;
    if (end > total) throw new PacketError('a buffer runs over the end', { path: 'buffers' });
    buffers.push(bytes.subarray(offset, end));
    offset = roundUp(end);
  }
  if (offset !== total) throw new PacketError('the lengths do not add up', { path: 'length' });
  if (!isClean || !isZero(bytes, end, offset)) throw new PacketError('a gap is not zero', { path: 'length' });
  return {
    header: bytes.subarray(headerStart, headerStart + headerLength),
    buffers,
    whole: bytes.subarray(0, total),
  };
}

/** Like {@link align}, but right beyond 2^31 too: lengths read from a packet can be anything. */
function roundUp(offset: number): number {
  return Math.ceil(offset / 16) * 16;
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}

function zeroGap(target: Uint8Array, from: number): number {
  const to = align(from);
  target.fill(0, from, to);
  return to;
}

function lengthsOf(buffers: readonly Uint8Array[]): number[] {
  return buffers.map((buffer) => buffer.length);
}
