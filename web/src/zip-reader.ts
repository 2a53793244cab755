/**
 * A strict ZIP reader for untrusted archives: what the central directory says is checked before a byte is inflated,
 * and everything inflated is checked against it. Refusals: docs/bundles.md.
 */
import { PackageError } from './errors.js';
import { nodeBuiltin } from './node.js';

/** What an archive may be at most. */
export interface ZipLimits {
  /** Size of the file in bytes. */
  fileBytes: number;
  /** Size of all entries inflated, in bytes. */
  inflatedBytes: number;
  /** Inflated by compressed size of an entry above 1 MiB. */
  ratio: number;
  entries: number;
}

/** 100 MiB of file, 512 MiB inflated, ratio 200, 4096 entries. */
export const defaultLimits: ZipLimits = {
  fileBytes: 100 * 2 ** 20,
  inflatedBytes: 512 * 2 ** 20,
  ratio: 200,
  entries: 4096,
};

interface Entry {
  readonly name: string;
  readonly rawName: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

/** The part of `node:zlib` that is used. */
interface Zlib {
  inflateRaw(
    data: Uint8Array,
    options: { maxOutputLength: number; info: true },
    done: (
      error: (Error & { code?: string }) | null,
      result?: { buffer: Uint8Array; engine: { bytesWritten: number } },
    ) => void,
  ): void;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const endSize = 22;
const entrySize = 46;
const localSize = 30;
const ratioFreeBytes = 2 ** 20;

/** Reads all files of an archive, folders left out. Throws PackageError. */
export async function readZip(
  archive: Uint8Array<ArrayBuffer>,
  limits: ZipLimits = defaultLimits,
  signal?: AbortSignal,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  if (archive.length > limits.fileBytes)
    refuse('too_large', `the file is larger than ${limits.fileBytes} bytes`);
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  const directory = findDirectory(view);
  if (directory.count > limits.entries) refuse('too_many_entries', `more than ${limits.entries} entries`);
  const entries = readDirectory(archive, view, directory);
  checkNames(entries);
  checkSizes(entries, limits);
  const ranges = checkRanges(archive, view, entries, directory.start);
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [index, entry] of entries.entries()) {
    signal?.throwIfAborted();
    const start = ranges[index] ?? 0;
    const content = await inflate(archive.subarray(start, start + entry.compressedSize), entry);
    if (crc32(content) !== entry.crc) refuse('crc_mismatch', 'the CRC-32 is another', entry.name);
    if (!entry.name.endsWith('/')) files.set(entry.name, content);
  }
  return files;
}

function findDirectory(view: DataView): { start: number; end: number; count: number } {
  // The end record may be followed by a comment of up to 65,535 bytes, which must reach exactly to the end.
  for (let at = view.byteLength - endSize; at >= Math.max(0, view.byteLength - endSize - 0xffff); at--) {
    if (view.getUint32(at, true) !== endSignature) continue;
    if (at + endSize + view.getUint16(at + 20, true) !== view.byteLength) continue;
    const count = view.getUint16(at + 10, true);
    const size = view.getUint32(at + 12, true);
    const start = view.getUint32(at + 16, true);
    if (view.getUint32(at + 4, true) !== 0 || view.getUint16(at + 8, true) !== count || start + size !== at) {
      refuse('bad_zip', 'the central directory is not where it should be, or the archive has several parts');
    }
    return { start, end: at, count };
  }
  return refuse('not_a_zip', 'there is no end of central directory: no ZIP file, or one that ends early');
}

function readDirectory(
  archive: Uint8Array,
  view: DataView,
  { start, end, count }: { start: number; end: number; count: number },
): Entry[] {
  const entries: Entry[] = [];
  let at = start;
  for (let number = 0; number < count; number++) {
    if (at + entrySize > end || view.getUint32(at, true) !== entrySignature) {
      refuse('bad_zip', `entry ${number} of the central directory is damaged`);
    }
    const nameLength = view.getUint16(at + 28, true);
    const rawName = archive.subarray(at + entrySize, at + entrySize + nameLength);
    const next = at + entrySize + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) refuse('bad_zip', `entry ${number} of the central directory is damaged`);
    const entry: Entry = {
      name: decodeName(rawName),
      rawName,
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      compressedSize: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      headerOffset: view.getUint32(at + 42, true),
    };
    checkKind(entry, view.getUint16(at + 4, true) >> 8, view.getUint32(at + 38, true) >>> 16);
    entries.push(entry);
    at = next;
  }
  if (at !== end) refuse('bad_zip', 'the central directory holds more than it says');
  return entries;
}

function checkKind(
  { name, flags, method, compressedSize, size }: Entry,
  system: number,
  unixMode: number,
): void {
  const fileType = unixMode & 0o170000;
  // 3: Unix, 19: OS X; the other systems have no links in these bits.
  if ((system === 3 || system === 19) && ![0, 0o100000, 0o040000].includes(fileType)) {
    refuse('symlink', 'not an ordinary file', name);
  }
  if (flags & 0x2041) refuse('encrypted', 'the entry is encrypted', name);
  if (method !== 0 && method !== 8) refuse('unsupported_method', `compression method ${method}`, name);
  if (compressedSize === 0xffffffff || size === 0xffffffff) refuse('bad_zip', 'ZIP64', name);
  // What a folder holds would appear in no list of files, and so escape integrity.json.
  if (name.endsWith('/') && size !== 0) refuse('bad_zip', 'a folder with content', name);
  if (method === 0 && compressedSize !== size) refuse('size_mismatch', 'a stored entry of two sizes', name);
}

function decodeName(raw: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    return refuse('bad_name', 'an entry name is not UTF-8');
  }
}

function checkNames(entries: readonly Entry[]): void {
  const seen = new Set<string>();
  for (const { name } of entries) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\\\u0000-\u001f\u007f]/.test(name)) refuse('bad_name', 'a backslash or control character', name);
    if (/^(\/|[A-Za-z]:)/.test(name)) refuse('absolute_path', 'an absolute path', name);
    const components = name.replace(/\/$/, '').split('/');
    if (components.includes('..')) refuse('path_escape', 'the path leaves the bundle', name);
    if (components.some((part) => part === '' || part === '.'))
      refuse('bad_name', 'an empty component', name);
    const key = components.join('/').normalize('NFC').toLowerCase();
    if (seen.has(key)) refuse('duplicate_name', 'the name appears twice', name);
    seen.add(key);
  }
}

function checkSizes(entries: readonly Entry[], limits: ZipLimits): void {
  let total = 0;
  for (const { name, size, compressedSize } of entries) {
    total += size;
    if (total > limits.inflatedBytes)
      refuse('bomb', `inflates to more than ${limits.inflatedBytes} bytes`, name);
    if (size > ratioFreeBytes && size > compressedSize * limits.ratio) {
      refuse('bomb', `inflates to more than ${limits.ratio} times its size`, name);
    }
  }
}

/** Where each entry's data start. Local headers must agree with the directory, and nothing may overlap. */
function checkRanges(
  archive: Uint8Array,
  view: DataView,
  entries: readonly Entry[],
  limit: number,
): number[] {
  const starts = entries.map((entry) => dataStart(archive, view, entry, limit));
  const order = [...entries.keys()].sort((a, b) => offsetOf(a) - offsetOf(b));
  let end = 0;
  for (const index of order) {
    const entry = entries[index];
    if (!entry) continue;
    if (entry.headerOffset < end) refuse('overlap', 'the entry overlaps another', entry.name);
    end = (starts[index] ?? 0) + entry.compressedSize;
    if (end > limit) refuse('overlap', 'the entry overlaps the central directory', entry.name);
  }
  return starts;

  function offsetOf(index: number): number {
    return entries[index]?.headerOffset ?? 0;
  }
}

function dataStart(archive: Uint8Array, view: DataView, entry: Entry, limit: number): number {
  const at = entry.headerOffset;
  if (at + localSize > limit || view.getUint32(at, true) !== localSignature) {
    refuse('bad_zip', 'there is no local header', entry.name);
  }
  const nameStart = at + localSize;
  const nameEnd = nameStart + view.getUint16(at + 26, true);
  const streamed = (entry.flags & 8) !== 0; // sizes and CRC stand behind the data; the local header may say 0
  const agrees =
    view.getUint16(at + 6, true) === entry.flags &&
    view.getUint16(at + 8, true) === entry.method &&
    sameField(view.getUint32(at + 14, true), entry.crc, streamed) &&
    sameField(view.getUint32(at + 18, true), entry.compressedSize, streamed) &&
    sameField(view.getUint32(at + 22, true), entry.size, streamed) &&
    sameBytes(archive.subarray(nameStart, nameEnd), entry.rawName);
  if (!agrees) refuse('bad_zip', 'the local header disagrees with the central directory', entry.name);
  return nameEnd + view.getUint16(at + 28, true);
}

function sameField(local: number, central: number, mayBeZero: boolean): boolean {
  return local === central || (mayBeZero && local === 0);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** The content of an entry, in memory of its own. */
async function inflate(data: Uint8Array<ArrayBuffer>, entry: Entry): Promise<Uint8Array<ArrayBuffer>> {
  // Not slice(): of Node.js's Buffer it is a view.
  if (entry.method === 0) return new Uint8Array(data);
  const zlib = nodeBuiltin<Zlib>('zlib');
  return zlib ? inflateInNode(zlib, data, entry) : inflateInBrowser(data, entry);
}

async function inflateInBrowser(
  data: Uint8Array<ArrayBuffer>,
  { name, size }: Entry,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = new Uint8Array(size);
  let length = 0;
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  for (;;) {
    const chunk = await reader.read().catch((error: unknown) => refuse('corrupt_data', String(error), name));
    if (chunk.done) break;
    if (length + chunk.value.length > size) {
      reader.cancel().catch(() => {});
      refuse('size_mismatch', `inflates to more than its ${size} bytes`, name);
    }
    content.set(chunk.value, length);
    length += chunk.value.length;
  }
  if (length !== size) refuse('size_mismatch', `inflates to ${length} bytes instead of ${size}`, name);
  return content;
}

/** What DecompressionStream of Node.js 20 does not tell: whether bytes follow the end of the stream. */
function inflateInNode(
  zlib: Zlib,
  data: Uint8Array<ArrayBuffer>,
  { name, size }: Entry,
): Promise<Uint8Array<ArrayBuffer>> {
  const options = { maxOutputLength: Math.max(size, 1), info: true } as const;
  return new Promise((resolve, reject) => {
    zlib.inflateRaw(data, options, (error, result) => {
      try {
        if (error?.code === 'ERR_BUFFER_TOO_LARGE') {
          refuse('size_mismatch', `inflates to more than its ${size} bytes`, name);
        }
        if (error || !result) return refuse('corrupt_data', String(error), name);
        const { buffer, engine } = result;
        if (engine.bytesWritten !== data.length) refuse('corrupt_data', 'bytes after its end', name);
        if (buffer.length !== size) {
          refuse('size_mismatch', `inflates to ${buffer.length} bytes instead of ${size}`, name);
        }
        resolve(new Uint8Array(buffer));
      } catch (refusal) {
        reject(refusal);
      }
    });
  });
}

const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 as ZIP has it. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

function refuse(code: string, message: string, name?: string): never {
  const where = name === undefined ? '' : ` (${JSON.stringify(name)})`;
  throw new PackageError(`the bundle is refused: ${message}${where}`, { code, path: name ?? null });
}
