/**
 * Bundles by the hash of their file in the page's Cache API, `remotemedia-bundles`. The oldest make room for new ones. A cache
 * that is absent, full or broken never fails a load.
 */
import { sha256 } from '../package-hash.js';

const cacheName = 'remotemedia-bundles';
/** All together, in bytes. */
const mostBytes = 256 * 2 ** 20;

// Never fetched: the Cache API wants addresses as names.
const addressOf = (hash: string): string => `https://remotemedia.invalid/${hash}.rmpkg`;

/** The bundle of a hash, checked again, or null. */
export async function cached(hash: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const cache = await globalThis.caches?.open(cacheName);
    const response = await cache?.match(addressOf(hash));
    if (!cache || !response || sizeOf(response) > maxBytes) return null;
    const bytes = new Uint8Array(await response.arrayBuffer());
    if ((await sha256(bytes)) === hash) return bytes;
    await cache.delete(addressOf(hash));
  } catch {
    // As if it were not there.
  }
  return null;
}

/** Keeps a bundle; the oldest go when all are more than 256 MiB. */
export async function keep(hash: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  if (bytes.length > mostBytes) return;
  try {
    const cache = await globalThis.caches?.open(cacheName);
    if (!cache) return;
    await makeRoom(cache, mostBytes - bytes.length);
    const headers = { 'content-length': String(bytes.length), 'content-type': 'application/zip' };
    await cache.put(addressOf(hash), new Response(bytes, { headers }));
  } catch {
    // The next load fetches it again.
  }
}

/** Deletes the oldest until the rest are at most `most` bytes. The keys of a cache stand in the order they were put. */
async function makeRoom(cache: Cache, most: number): Promise<void> {
  const entries = await Promise.all(
    (await cache.keys()).map(async (key) => ({ key, size: sizeOf(await cache.match(key)) })),
  );
  let total = entries.reduce((sum, { size }) => sum + size, 0);
  for (const { key, size } of entries) {
    if (total <= most) return;
    await cache.delete(key);
    total -= size;
  }
}

function sizeOf(response: Response | undefined): number {
  return Number(response?.headers.get('content-length') ?? 0);
}
