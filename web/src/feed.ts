/** Sends input to the sources of a run. */
import { type Batch, batches } from './batches.js';
import { NodeError } from './errors.js';
import type { Packet } from './packet.js';
import { encodeLoose, encodePacket } from './packet-encode.js';
import type { Value } from './values.js';
import type { Addressed, Endpoint, PlanSummary, TransferredPacket } from './worker/protocol.js';
import type { RunSession } from './worker/session.js';

/** Items for one source. */
export interface Column {
  readonly input: Endpoint;
  readonly rounds: readonly number[];
  readonly values: readonly Value[];
}

type Pool = RunSession['pool'];
type Release = (packet: Packet) => Packet;

/** Sends a list, each item to every source. `sent` is called after each batch. */
export async function feedList(
  session: RunSession,
  plan: PlanSummary,
  items: readonly Value[],
  transfer: boolean,
  sent: () => void,
): Promise<void> {
  const movable = transfer ? new (await import('./movable-memory.js')).MovableMemory(batches(items)) : null;
  for (const batch of batches(items)) {
    await session.room();
    const release = movable && ((packet: Packet) => movable.release(packet, batch.first));
    const error = send(session, columnsOf(plan, batch), release);
    session.counts.itemsIn += batch.items.length;
    sent();
    if (!error) continue;
    // An earlier item may fail too, and then that is the run's error.
    await session.drained();
    throw error;
  }
}

/**
 * Sends a batch, up to the first round with an item that cannot travel, if there is one; returns what is wrong with
 * that. `release` lets the last source have the items' own memory.
 */
export function send(
  session: RunSession,
  columns: readonly Column[],
  release: Release | null = null,
): NodeError | null {
  const transfer = new Set<ArrayBufferLike>();
  const packets: Addressed[] = [];
  let wrong: NodeError | null = null;
  for (const [index, column] of columns.entries()) {
    // Memory can be moved only once.
    const isMoved = index === columns.length - 1;
    try {
      packets.push(
        session.timed('encode', () => encode(column, session.pool, isMoved ? release : null, transfer)),
      );
    } catch (error) {
      if (!(error instanceof NodeError) || error.itemIndex === null) throw error;
      if (!wrong || error.itemIndex < (wrong.itemIndex ?? 0)) wrong = error;
    }
  }
  if (!wrong) {
    session.counts.bytesIn += packets.reduce((sum, { packet }) => sum + sizeOf(packet), 0);
    session.push(
      packets,
      [...transfer].filter((buffer) => buffer instanceof ArrayBuffer),
    );
    return null;
  }
  const before = wrong.itemIndex ?? 0;
  const sound = columns.map((column) => below(column, before)).filter(({ values }) => values.length > 0);
  if (sound.length > 0) send(session, sound);
  return wrong;
}

function columnsOf({ inputs }: PlanSummary, { first, items }: Batch): Column[] {
  const rounds = items.map((_, index) => first + index);
  return inputs.map((input) => ({ input, rounds, values: items }));
}

function encode(
  { input, rounds, values }: Column,
  pool: Pool,
  release: Release | null,
  transfer: Set<ArrayBufferLike>,
): Addressed {
  const { edge, segment, node } = input;
  const columns = { rounds, edges: edge, values };
  if (release) {
    const packet = release(forSource(node, () => encodeLoose(columns)));
    for (const { buffer } of [packet.header, ...packet.buffers]) transfer.add(buffer);
    return { segment, packet };
  }
  const { buffer, length } = forSource(node, () => encodePacket(columns, (bytes) => pool.take(bytes)));
  transfer.add(buffer);
  return { segment, packet: { buffer, length } };
}

/** Encodes input; an error names the source that would have received it. */
function forSource<T>(nodeId: string, encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    const { code, path, itemIndex } = error;
    throw new NodeError(error.message, { code, path, itemIndex, nodeId, cause: error });
  }
}

function below({ input, rounds, values }: Column, round: number): Column {
  const found = rounds.findIndex((candidate) => candidate >= round);
  const end = found < 0 ? rounds.length : found;
  return { input, rounds: rounds.slice(0, end), values: values.slice(0, end) };
}

function sizeOf(packet: TransferredPacket): number {
  if ('buffer' in packet) return packet.length;
  return [packet.header, ...packet.buffers].reduce((sum, { length }) => sum + length, 0);
}
