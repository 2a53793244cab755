/**
 * Reads archives that are large when inflated twice: first in pieces that are checked, hashed and dropped, so that one that is
 * refused costs little memory whatever it claims; then what is asked for.
 */
import { nodeBuiltin } from '../node.js';
import { hex, sha256 } from '../package-hash.js';
import { refuse } from '../package-refusal.js';
import type { Located } from '../zip-directory.js';
import { type Contents, crc32, eachInflated, readEntry } from '../zip-reader.js';
import { Sha256 } from './sha256.js';

const mostInOnePiece = 2 ** 24;
const storedPiece = 2 ** 20;

/** Checks all entries and keeps none. Throws PackageError. */
export async function checkAll(entries: readonly Located[], signal?: AbortSignal): Promise<Contents> {
  const files = new Map<string, { located: Located; hash: string }>();
  for (const located of entries) {
    signal?.throwIfAborted();
    const hash = await hashOf(located);
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

async function hashOf(located: Located): Promise<string> {
  const { entry, data } = located;
  // The fast ways, of which WebCrypto and Node.js want everything at once.
  if (entry.size <= mostInOnePiece) return sha256(await readEntry(located));
  const hash = new Sha256();
  let crc = 0;
  const take = (piece: Uint8Array): void => {
    crc = crc32(piece, crc);
    hash.update(piece);
  };
  if (entry.method !== 0 && nodeBuiltin('zlib')) {
    const { eachInflatedInNode } = await import('./inflate-node.js');
    await eachInflatedInNode(data, entry, take);
  } else if (entry.method !== 0) await eachInflated(data, entry, take);
  else for (let at = 0; at < data.length; at += storedPiece) take(data.subarray(at, at + storedPiece));
  if (crc !== entry.crc) refuse('crc_mismatch', 'the CRC-32 is another', entry.name);
  return hex(hash.digest());
}
