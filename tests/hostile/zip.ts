/** Writes ZIP files that may lie in every field. */
import { crc32, deflateRawSync } from './node-zlib.js';

/** Fields that both headers have. */
interface Fields {
  readonly size?: number;
  readonly compressedSize?: number;
  readonly crc?: number;
  readonly flags?: number;
  readonly method?: number;
}

/** An entry, and what to write instead of the truth: in both headers, or in the local one only. */
export interface Entry extends Fields {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  readonly stored?: boolean;
  /** The data as they stand in the file, instead of `content` deflated or stored. */
  readonly raw?: Uint8Array;
  readonly local?: Fields & { readonly name?: string; readonly extra?: Uint8Array };
  /** Extra field of the central directory. */
  readonly extra?: Uint8Array;
  /** Unix file mode, in the upper half of the external attributes. */
  readonly mode?: number;
  /** The system that made the entry; 3 is Unix. */
  readonly system?: number;
  /** Offset of the local header according to the central directory. */
  readonly offset?: number;
  /** What stands behind the data. */
  readonly after?: Uint8Array;
  /** Left out of the central directory, or of the file. */
  readonly only?: 'local' | 'central';
}

/** What the end record says instead of the truth. */
export interface End {
  readonly count?: number;
  readonly size?: number;
  readonly offset?: number;
  readonly disk?: number;
  readonly comment?: string | Uint8Array;
  /** Stands before the first entry, and offsets know of it. */
  readonly prefix?: Uint8Array;
  /** Stands before the central directory. */
  readonly gap?: Uint8Array;
  /** Stands before the end record. */
  readonly beforeEnd?: Uint8Array;
}

/** A ZIP file. */
export function zip(entries: readonly Entry[], end: End = {}): Uint8Array<ArrayBuffer> {
  const blocks: Buffer[] = [Buffer.from(end.prefix ?? '')];
  const centrals: Buffer[] = [];
  let offset = blocks[0]?.length ?? 0;
  for (const entry of entries) {
    const { local, central } = records(entry, entry.offset ?? offset);
    if (entry.only !== 'central') {
      blocks.push(local);
      offset += local.length;
    }
    if (entry.only !== 'local') centrals.push(central);
  }
  const gap = Buffer.from(end.gap ?? '');
  const directory = Buffer.concat(centrals);
  const told = { count: centrals.length, size: directory.length, offset: offset + gap.length, ...end };
  const tail = [gap, directory, Buffer.from(end.beforeEnd ?? ''), endRecord(told)];
  return new Uint8Array(Buffer.concat([...blocks, ...tail]));
}

/** The end record, and its comment. */
export function endRecord({ count = 0, size = 0, offset = 0, disk = 0, comment = '' }: End): Buffer {
  const text = Buffer.from(comment);
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(disk, 4);
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(size, 12);
  record.writeUInt32LE(offset, 16);
  record.writeUInt16LE(text.length, 20);
  return Buffer.concat([record, text]);
}

/** A data descriptor, which stands behind the data of an entry with flag 8. */
export function descriptor(content: string, told: Partial<Fields & { signed: boolean }> = {}): Uint8Array {
  const fields = Buffer.alloc(12);
  fields.writeUInt32LE(told.crc ?? crc32(Buffer.from(content)), 0);
  fields.writeUInt32LE(told.compressedSize ?? deflateRawSync(content).length, 4);
  fields.writeUInt32LE(told.size ?? Buffer.byteLength(content), 8);
  return told.signed === false ? fields : Buffer.concat([Buffer.from('PK\x07\x08'), fields]);
}

/** An extra field. */
export function extraField(kind: number, data: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(kind, 0);
  head.writeUInt16LE(data.length, 2);
  return Buffer.concat([head, data]);
}

/** The headers of an entry, the local one with name and data. */
export function records(entry: Entry, offset: number): { local: Buffer; central: Buffer } {
  const content = Buffer.from(entry.content ?? '');
  const data = Buffer.from(entry.raw ?? (entry.stored ? content : deflateRawSync(content)));
  const name = Buffer.from(entry.name);
  const truth: Required<Fields> = {
    size: content.length,
    compressedSize: data.length,
    crc: crc32(content),
    flags: 0,
    method: entry.stored ? 0 : 8,
  };
  const told = { ...truth, ...defined(entry) };
  const extra = Buffer.from(entry.extra ?? '');
  const localName = Buffer.from(entry.local?.name ?? name);
  const localExtra = Buffer.from(entry.local?.extra ?? '');
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  write(local, 4, { ...told, ...defined(entry.local ?? {}) });
  local.writeUInt16LE(localName.length, 26);
  local.writeUInt16LE(localExtra.length, 28);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(((entry.system ?? 3) << 8) | 20, 4);
  write(central, 6, told);
  central.writeUInt16LE(name.length, 28);
  central.writeUInt16LE(extra.length, 30);
  central.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38);
  central.writeUInt32LE(offset, 42);
  return {
    local: Buffer.concat([local, localName, localExtra, data, Buffer.from(entry.after ?? '')]),
    central: Buffer.concat([central, name, extra]),
  };
}

function write(record: Buffer, at: number, fields: Required<Fields>): void {
  record.writeUInt16LE(20, at);
  record.writeUInt16LE(fields.flags, at + 2);
  record.writeUInt16LE(fields.method, at + 4);
  record.writeUInt32LE(0x5ca10000, at + 6); // a time and date
  record.writeUInt32LE(fields.crc, at + 10);
  record.writeUInt32LE(fields.compressedSize, at + 14);
  record.writeUInt32LE(fields.size, at + 18);
}

function defined({ size, compressedSize, crc, flags, method }: Fields): Partial<Required<Fields>> {
  const fields = { size, compressedSize, crc, flags, method };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
