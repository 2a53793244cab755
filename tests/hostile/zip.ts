/** Writes ZIP files that may lie in every field. */
import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from './node-zlib.js';

/** An entry, and what to write instead of the truth. */
export interface Entry {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  readonly stored?: boolean;
  /** The data as they stand in the file, instead of `content` deflated or stored. */
  readonly raw?: Uint8Array;
  readonly size?: number;
  readonly crc?: number;
  readonly flags?: number;
  readonly method?: number;
  /** Unix file mode, in the upper half of the external attributes. */
  readonly mode?: number;
  /** Name in the local header. */
  readonly localName?: string;
  readonly localSize?: number;
  /** Offset of the local header according to the central directory. */
  readonly offset?: number;
  /** Left out of the central directory, or of the file. */
  readonly only?: 'local' | 'central';
}

/** What the end record says instead of the truth. */
export interface End {
  readonly count?: number;
  readonly size?: number;
  readonly offset?: number;
  readonly disk?: number;
  readonly comment?: string;
}

/** A ZIP file. */
export function zip(entries: readonly Entry[], end: End = {}): Uint8Array<ArrayBuffer> {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { local, central } = records(entry, entry.offset ?? offset);
    if (entry.only !== 'central') {
      locals.push(local);
      offset += local.length;
    }
    if (entry.only !== 'local') centrals.push(central);
  }
  const directory = Buffer.concat(centrals);
  const comment = Buffer.from(end.comment ?? '');
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(end.disk ?? 0, 4);
  record.writeUInt16LE(end.count ?? centrals.length, 8);
  record.writeUInt16LE(end.count ?? centrals.length, 10);
  record.writeUInt32LE(end.size ?? directory.length, 12);
  record.writeUInt32LE(end.offset ?? offset, 16);
  record.writeUInt16LE(comment.length, 20);
  return new Uint8Array(Buffer.concat([...locals, directory, record, comment]));
}

/** `integrity.json` of these entries. */
export function integrity(entries: readonly Entry[]): Entry {
  const hashes = entries.map(({ name, content }) => [
    name,
    createHash('sha256')
      .update(content ?? '')
      .digest('hex'),
  ]);
  return {
    name: 'integrity.json',
    content: JSON.stringify({ algorithm: 'sha256', entries: Object.fromEntries(hashes) }),
  };
}

function records(entry: Entry, offset: number): { local: Buffer; central: Buffer } {
  const content = Buffer.from(entry.content ?? '');
  const data = Buffer.from(entry.raw ?? (entry.stored ? content : deflateRawSync(content)));
  const name = Buffer.from(entry.name);
  const localName = Buffer.from(entry.localName ?? name);
  const size = entry.size ?? content.length;
  const fields = (at: number, record: Buffer, uncompressed: number) => {
    record.writeUInt16LE(20, at);
    record.writeUInt16LE(entry.flags ?? 0, at + 2);
    record.writeUInt16LE(entry.method ?? (entry.stored ? 0 : 8), at + 4);
    record.writeUInt32LE(0x5ca10000, at + 6); // a time and date
    record.writeUInt32LE(entry.crc ?? crc32(content), at + 10);
    record.writeUInt32LE(data.length, at + 14);
    record.writeUInt32LE(uncompressed, at + 18);
  };
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  fields(4, local, entry.localSize ?? size);
  local.writeUInt16LE(localName.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE((3 << 8) | 20, 4);
  fields(6, central, size);
  central.writeUInt16LE(name.length, 28);
  central.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38);
  central.writeUInt32LE(offset, 42);
  return { local: Buffer.concat([local, localName, data]), central: Buffer.concat([central, name]) };
}
