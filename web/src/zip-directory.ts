/**
 * Reads the central directory of an untrusted ZIP and checks all that can be checked before a byte is inflated. The rules
 * stand in docs/internals/bundles.md; they are those of `_zip.py`.
 */
import { refuse } from './package-refusal.js';

/** What an archive may be at most. */
export interface ZipLimits {
  /** Size of the file in bytes. */
  fileBytes: number;
  /** Size of all entries inflated, in bytes. */
  inflatedBytes: number;
  /** Inflated by compressed size, of an entry above 1 MiB and of all together. */
  ratio: number;
  entries: number;
}

/** An entry whose headers were checked. */
export interface Entry {
  readonly name: string;
  readonly rawName: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

/** An entry and the bytes that stand for it in the file. */
export interface Located {
  readonly entry: Entry;
  readonly data: Uint8Array<ArrayBuffer>;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const endSize = 22;
const entrySize = 46;
const localSize = 30;
const ratioFreeBytes = 2 ** 20;
const longestName = 1024;
// Control characters, backslash, and what turns text around: the names are shown to people who decide by them.
const badCharacters =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\\\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

/** All entries in the order of the central directory. Throws PackageError. */
export async function readEntries(archive: Uint8Array<ArrayBuffer>, limits: ZipLimits): Promise<Located[]> {
  if (archive.length > limits.fileBytes)
    refuse('too_large', `the file is larger than ${limits.fileBytes} bytes`);
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  const directory = findDirectory(view, limits);
  const entries = await readDirectory(archive, view, directory);
  checkNames(entries);
  checkSizes(entries, limits);
  const starts = await checkRanges(archive, view, entries, directory.start);
  return entries.map((entry, index) => {
    const start = starts[index] ?? 0;
    return { entry, data: archive.subarray(start, start + entry.compressedSize) };
  });
}

interface Directory {
  start: number;
  end: number;
  count: number;
}

function findDirectory(view: DataView, limits: ZipLimits): Directory {
  // The end record may be followed by a comment of up to 65,535 bytes, which must reach exactly to the end.
  const ends: number[] = [];
  for (let at = view.byteLength - endSize; at >= Math.max(0, view.byteLength - endSize - 0xffff); at--) {
    const fits = view.getUint32(at, true) === endSignature;
    if (fits && at + endSize + view.getUint16(at + 20, true) === view.byteLength) ends.push(at);
  }
  const [end] = ends;
  if (end === undefined) {
    return refuse('not_a_zip', 'there is no end of central directory: no ZIP file, or one that ends early');
  }
  const count = view.getUint16(end + 10, true);
  const start = view.getUint32(end + 16, true);
  const isAt = start + view.getUint32(end + 12, true) === end;
  if (ends[1] !== undefined) refuse('bad_zip', 'there are two ends of central directory');
  if (count > limits.entries || count === 0xffff)
    refuse('too_many_entries', `more than ${limits.entries} entries`);
  if (view.getUint32(end + 4, true) !== 0 || view.getUint16(end + 8, true) !== count || !isAt) {
    refuse('bad_zip', 'the central directory is not where it should be, or the archive has several parts');
  }
  return { start, end, count };
}

async function readDirectory(
  archive: Uint8Array,
  view: DataView,
  { start, end, count }: Directory,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  let at = start;
  for (let number = 0; number < count; number++) {
    if (at + entrySize > end || view.getUint32(at, true) !== entrySignature) {
      refuse('bad_zip', `entry ${number} of the central directory is damaged`);
    }
    const nameEnd = at + entrySize + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > end) refuse('bad_zip', `entry ${number} of the central directory is damaged`);
    const rawName = archive.subarray(at + entrySize, nameEnd);
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
    await checkExtra(archive, nameEnd, extraEnd, entry);
    checkKind(entry, view.getUint8(at + 5), view.getUint16(at + 40, true));
    entries.push(entry);
    at = next;
  }
  if (at !== end) refuse('bad_zip', 'the central directory holds more than it says');
  return entries;
}

function decodeName(raw: Uint8Array): string {
  if (raw.length > longestName) refuse('bad_name', `an entry name has more than ${longestName} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    return refuse('bad_name', 'an entry name is not UTF-8');
  }
}

/** Few archives have such fields. */
async function checkExtra(archive: Uint8Array, start: number, end: number, entry: Entry): Promise<void> {
  if (end > start) (await import('./package/zip-fields.js')).checkExtra(archive.subarray(start, end), entry);
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

function checkNames(entries: readonly Entry[]): void {
  const files = new Map<string, boolean>();
  for (const { name } of entries) {
    if (badCharacters.test(name)) refuse('bad_name', 'a backslash or control character', name);
    if (/^(\/|[A-Za-z]:)/.test(name)) refuse('absolute_path', 'an absolute path', name);
    const isFile = !name.endsWith('/');
    const path = isFile ? name : name.slice(0, -1);
    if (/(^|\/)\.\.(\/|$)/.test(path)) refuse('path_escape', 'the path leaves the bundle', name);
    // Windows takes a dot or space at the end away, and a colon for the start of a second stream.
    if (/^$|^\/|\/\/|\/$|:|[. ](\/|$)/.test(path)) refuse('bad_name', 'an empty or odd component', name);
    const key = folded(path);
    if (files.has(key)) refuse('duplicate_name', 'the name appears twice', name);
    files.set(key, isFile);
  }
  for (const key of files.keys()) {
    for (let at = key.indexOf('/'); at > 0; at = key.indexOf('/', at + 1)) {
      if (files.get(key.slice(0, at))) refuse('duplicate_name', 'a file is also a folder', key.slice(0, at));
    }
  }
}

/** The same for names that some file system takes for one. */
function folded(name: string): string {
  return name.normalize().toLowerCase().toUpperCase().normalize();
}

function checkSizes(entries: readonly Entry[], limits: ZipLimits): void {
  let total = 0;
  let compressed = 0;
  for (const { name, size, compressedSize } of entries) {
    total += size;
    compressed += compressedSize;
    if (total > limits.inflatedBytes)
      refuse('bomb', `inflates to more than ${limits.inflatedBytes} bytes`, name);
    checkRatio(size, compressedSize, name);
  }
  checkRatio(total, compressed);

  function checkRatio(inflated: number, packed: number, name?: string): void {
    if (inflated > ratioFreeBytes && inflated > packed * limits.ratio)
      refuse('bomb', `inflates to more than ${limits.ratio} times its size`, name);
  }
}

/** Where each entry's data start. Local headers agree with the directory; the file holds nothing but the entries. */
async function checkRanges(
  archive: Uint8Array,
  view: DataView,
  entries: readonly Entry[],
  limit: number,
): Promise<number[]> {
  const starts: number[] = [];
  for (const entry of entries) starts.push(await dataStart(archive, view, entry, limit));
  const inFile = entries.map((entry, index) => ({ entry, start: starts[index] ?? 0 }));
  let end = 0;
  for (const { entry, start } of inFile.sort((a, b) => a.entry.headerOffset - b.entry.headerOffset)) {
    if (entry.headerOffset < end) refuse('overlap', 'the entry overlaps another', entry.name);
    if (entry.headerOffset > end) refuse('bad_zip', 'bytes that belong to no entry', entry.name);
    end = start + entry.compressedSize;
    if (end > limit) refuse('overlap', 'the entry overlaps the central directory', entry.name);
    if (entry.flags & 8) {
      const { descriptorSize } = await import('./package/zip-fields.js');
      end += descriptorSize(archive.subarray(end, limit), entry);
    }
  }
  if (end !== limit) refuse('bad_zip', 'bytes that belong to no entry');
  return starts;
}

async function dataStart(archive: Uint8Array, view: DataView, entry: Entry, limit: number): Promise<number> {
  const at = entry.headerOffset;
  if (at + localSize > limit || view.getUint32(at, true) !== localSignature) {
    refuse('bad_zip', 'there is no local header', entry.name);
  }
  const nameStart = at + localSize;
  const nameEnd = nameStart + view.getUint16(at + 26, true);
  const end = nameEnd + view.getUint16(at + 28, true);
  const streamed = (entry.flags & 8) !== 0; // sizes and CRC stand behind the data; the local header may say 0
  const agrees =
    view.getUint16(at + 6, true) === entry.flags &&
    view.getUint16(at + 8, true) === entry.method &&
    [entry.crc, entry.compressedSize, entry.size].every((field, index) => {
      const local = view.getUint32(at + 14 + 4 * index, true);
      return local === field || (streamed && local === 0);
    }) &&
    sameBytes(archive.subarray(nameStart, nameEnd), entry.rawName);
  if (!agrees) refuse('bad_zip', 'the local header disagrees with the central directory', entry.name);
  if (end <= limit) await checkExtra(archive, nameEnd, end, entry);
  return end;
}

/** Whether both are the same. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
