/**
 * Reads archives that are large when inflated twice: first in pieces that are checked, hashed and dropped, so that one that is
 * refused costs little memory whatever it claims; then what is asked for.
 */
import { hex, sha256 } from '../package-hash.js';
import { refuse } from '../package-refusal.js';
import type { Located } from '../zip-directory.js';
import { type Contents, crc32, readEntry } from '../zip-reader.js';
import { CorruptError, inflate } from './inflate.js';
import { Sha256 } from './sha256.js';

const mostCopied = 2 ** 24;
const storedPiece = 2 ** 20;
/** How long the page may wait. */
const busyMs = 30;

/** Checks all entries and keeps none. Throws PackageError. */
export async function checkAll(entries: readonly Located[], signal?: AbortSignal): Promise<Contents> {
  const files = new Map<string, { located: Located; hash: string }>();
  for (const located of entries) {
    signal?.throwIfAborted();
    const hash = await hashOf(located, signal);
    if (!located.entry.name.endsWith('/')) files.set(located.entry.name, { located, hash });
  }
  return {
    sizes: new Map([...files].map(([name, { located }]) => [name, located.entry.size])),
    read: async (name) => {
      const file = files.get(name);
      return file ? readEntry(file.located) : new Uint8Array();
    },
    hash: async (name) => files.get(name)?.hash ?? '',
  };
}

async function hashOf(located: Located, signal?: AbortSignal): Promise<string> {
  const { entry, data } = located;
  // WebCrypto is faster, but copies what it hashes.
  const isCopied = entry.method === 0 && entry.size <= mostCopied;
  const hash = new Sha256();
  let crc = 0;
  let length = 0;
  let pauseAt = performance.now() + busyMs;
  try {
    for (const piece of entry.method === 0 ? stored(data) : inflate(data)) {
      length += piece.length;
      if (length > entry.size) break;
      crc = crc32(piece, crc);
      if (!isCopied) hash.update(piece);
      if (performance.now() < pauseAt) continue;
      await pause();
      signal?.throwIfAborted();
      pauseAt = performance.now() + busyMs;
    }
  } catch (error) {
    if (error instanceof CorruptError) refuse('corrupt_data', error.message, entry.name);
    throw error;
  }
  if (length !== entry.size)
    refuse('size_mismatch', `inflates to another size than ${entry.size}`, entry.name);
  if (crc !== entry.crc) refuse('crc_mismatch', 'the CRC-32 is another', entry.name);
  return isCopied ? sha256(data) : hex(hash.digest());
}

function* stored(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < data.length; at += storedPiece) yield data.subarray(at, at + storedPiece);
}

/** Lets the page do something else. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
