/** Gets the bytes of a bundle. */
import { PackageError } from './errors.js';
import { readLocalFile } from './node.js';
import type { LoadOptions, PackageSource } from './package-loader.js';
import { refuse } from './package-refusal.js';

/** The bytes of a bundle, at most `maxBytes`. */
export async function readSource(
  source: PackageSource,
  maxBytes: number,
  options: LoadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof URL) return download(source, maxBytes, options);
  // All of these tell their size, so that what is too large is refused before it is read.
  checkSize('size' in source ? source.size : source.byteLength, maxBytes);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Uint8Array) return ownBytes(source);
  return new Uint8Array(await source.arrayBuffer());
}

/** Shared memory could change while it is checked. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

function checkSize(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes) refuse('too_large', `the file is larger than ${maxBytes} bytes`);
}

async function download(
  url: URL,
  maxBytes: number,
  { signal, onProgress }: LoadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const failed = (error: unknown): never => {
    if (error instanceof PackageError) throw error;
    return refuse('download_failed', String(error), url.href);
  };
  const local = readLocalFile(url, (size) => checkSize(size, maxBytes));
  if (local) return local.catch(failed);
  const response = await fetch(url, signal ? { signal } : {}).catch(failed);
  if (!response.ok || !response.body) return failed(`HTTP status ${response.status}`);
  const declared = Number(response.headers.get('content-length') ?? Number.NaN);
  const total = Number.isFinite(declared) && !response.headers.has('content-encoding') ? declared : null;
  if (total !== null) checkSize(total, maxBytes);
  // What the server declares is a hint: a lie costs neither memory nor the end of the file.
  let bytes = new Uint8Array(Math.min(total ?? 0, 2 ** 20));
  let loaded = 0;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(failed);
      if (done) return bytes.subarray(0, loaded);
      const needed = loaded + value.length;
      checkSize(needed, maxBytes);
      if (needed > bytes.length) bytes = grown(bytes, needed, total ?? 0);
      bytes.set(value, loaded);
      loaded = needed;
      // Behind a proxy that hides a content encoding the total is that of other bytes.
      onProgress?.({ phase: 'download', loaded, total: total !== null && loaded > total ? null : total });
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** The same bytes with room for twice as many, or for exactly `total` if that is enough. */
function grown(bytes: Uint8Array, needed: number, total: number): Uint8Array<ArrayBuffer> {
  const room = Math.max(needed, 2 * bytes.length);
  const larger = new Uint8Array(total >= needed && total <= room ? total : room);
  larger.set(bytes);
  return larger;
}
