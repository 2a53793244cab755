/** Inflates the entries of an untrusted ZIP and checks what comes out against the central directory. */
import { nodeBuiltin } from './node.js';
import { sha256 } from './package-hash.js';
import { refuse } from './package-refusal.js';
import type { Entry, Located, ZipLimits } from './zip-directory.js';

/** 100 MiB of file, 512 MiB inflated, ratio 200, 4096 entries. */
export const defaultLimits: ZipLimits = {
  fileBytes: 100 * 2 ** 20,
  inflatedBytes: 512 * 2 ** 20,
  ratio: 200,
  entries: 4096,
};

const pieceBytes = 2 ** 14;

/** The files of an archive, folders left out, all of which were checked. */
export interface Contents {
  /** In bytes, by name, in the order of the directory. */
  readonly sizes: ReadonlyMap<string, number>;
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /** SHA-256 in hexadecimal. */
  hash(name: string): Promise<string>;
}

/** Inflates all of them and keeps them. Throws PackageError. */
export async function readAll(entries: readonly Located[], signal?: AbortSignal): Promise<Contents> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const located of entries) {
    signal?.throwIfAborted();
    const content = await readEntry(located);
    if (!located.entry.name.endsWith('/')) files.set(located.entry.name, content);
  }
  const read = async (name: string) => files.get(name) ?? new Uint8Array();
  const sizes = new Map([...files].map(([name, { length }]) => [name, length]));
  return { sizes, read, hash: async (name) => sha256(await read(name)) };
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

/** CRC-32 as ZIP has it; `before` is that of what comes before. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}
