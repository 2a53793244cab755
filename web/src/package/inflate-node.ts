/** Inflates with `node:zlib`, which tells what DecompressionStream of Node.js 20 does not: whether bytes follow the end. */
import { nodeBuiltin } from '../node.js';
import { refuse } from '../package-refusal.js';
import type { Entry } from '../zip-directory.js';

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

/** The content of a deflated entry, in memory of its own. */
export function inflateInNode(
  data: Uint8Array<ArrayBuffer>,
  { name, size }: Entry,
): Promise<Uint8Array<ArrayBuffer>> {
  const options = { maxOutputLength: Math.max(size, 1), info: true } as const;
  return new Promise((resolve, reject) => {
    nodeBuiltin<Zlib>('zlib')?.inflateRaw(data, options, (error, result) => {
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
