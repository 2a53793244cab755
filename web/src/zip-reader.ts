/** Inflates the entries of an untrusted ZIP and checks what comes out against the central directory. */
import { nodeBuiltin } from './node.js';
import { refuse } from './package-refusal.js';
import { type Entry, type Located, readEntries, type ZipLimits } from './zip-directory.js';

/** 100 MiB of file, 512 MiB inflated, ratio 200, 4096 entries. */
export const defaultLimits: ZipLimits = {
  fileBytes: 100 * 2 ** 20,
  inflatedBytes: 512 * 2 ** 20,
  ratio: 200,
  entries: 4096,
};

const pieceBytes = 2 ** 14;

/** Reads all files of an archive, folders left out. Throws PackageError. */
export async function readZip(
  archive: Uint8Array<ArrayBuffer>,
  limits: ZipLimits = defaultLimits,
  signal?: AbortSignal,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const located of await readEntries(archive, limits)) {
    signal?.throwIfAborted();
    const content = await readEntry(located);
    const { name } = located.entry;
    if (!name.endsWith('/')) files.set(name, content);
  }
  return files;
}

/** The content of an entry, in memory of its own. */
export async function readEntry({ entry, data }: Located): Promise<Uint8Array<ArrayBuffer>> {
  const content = await inflate(data, entry);
  if (crc32(content) !== entry.crc) refuse('crc_mismatch', 'the CRC-32 is another', entry.name);
  return content;
}

async function inflate(data: Uint8Array<ArrayBuffer>, entry: Entry): Promise<Uint8Array<ArrayBuffer>> {
  // Not slice(): of Node.js's Buffer it is a view.
  if (entry.method === 0) return new Uint8Array(data);
  if (!nodeBuiltin('zlib')) return inflateInBrowser(data, entry);
  const { inflateInNode } = await import('./package/inflate-node.js');
  return inflateInNode(data, entry);
}

async function inflateInBrowser(
  data: Uint8Array<ArrayBuffer>,
  { name, size }: Entry,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = new Uint8Array(size);
  let length = 0;
  const reader = pieces(data).pipeThrough(new DecompressionStream('deflate-raw')).getReader();
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

/** Chromium inflates a whole piece before it gives anything, and a piece may inflate to a thousand times its size. */
function pieces(data: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < data.length) controller.enqueue(data.subarray(at, at + pieceBytes));
      else controller.close();
      at += pieceBytes;
    },
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
