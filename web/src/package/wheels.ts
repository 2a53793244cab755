/** Checks the wheels of a bundle: pure, and archives like any other. */
import { refuse } from '../package-refusal.js';
import { readEntries, type ZipLimits } from '../zip-directory.js';
import { type Contents, readEntry } from '../zip-reader.js';

const pureName = /^wheels\/[^/-]+-[^/-]+(?:-[0-9][^/-]*)?-[^/-]+-none-any\.whl$/;
const mostMetadata = 2 ** 20;
const mostBytes = 32 * 2 ** 20;

/**
 * The names of the files in an entry of `wheels/`, and how many bytes they are inflated. Throws PackageError `bad_wheel`.
 */
export async function readWheel(
  name: string,
  files: Contents,
  limits: ZipLimits,
  signal?: AbortSignal,
): Promise<{ names: string[]; inflated: number }> {
  if (!pureName.test(name)) refuse('bad_wheel', 'not the name of a pure wheel', name);
  if ((files.sizes.get(name) ?? 0) > mostBytes) refuse('bad_wheel', `larger than ${mostBytes} bytes`, name);
  const bytes = await files.read(name);
  try {
    const names: string[] = [];
    const metadata: string[] = [];
    let inflated = 0;
    for (const located of await readEntries(bytes, limits)) {
      signal?.throwIfAborted();
      // Nothing is kept: a wheel may inflate to more than all the rest.
      const content = await readEntry(located);
      names.push(located.entry.name);
      inflated += content.length;
      if (/^[^/]+\.dist-info\/WHEEL$/.test(located.entry.name)) metadata.push(textOf(content));
    }
    checkPurity(names, metadata);
    return { names, inflated };
  } catch (error) {
    signal?.throwIfAborted();
    return refuse('bad_wheel', error instanceof Error ? error.message : String(error), name);
  }
}

function textOf(content: Uint8Array): string {
  if (content.length > mostMetadata) throw new RangeError('WHEEL is too large');
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
}

function checkPurity(names: readonly string[], metadata: readonly string[]): void {
  const compiled = names.find((name) => /\.(so|pyd|dll|dylib)$/i.test(name));
  if (compiled !== undefined) throw new TypeError(`${compiled} is compiled`);
  const [text] = metadata;
  if (text === undefined || metadata.length > 1) throw new TypeError('there is not one dist-info/WHEEL');
  const lines = text.split('\n').map((line) => line.replace(/^[ \t\r]+|[ \t\r]+$/g, '').toLowerCase());
  if (!lines.includes('root-is-purelib: true')) throw new TypeError('it is not pure');
  if (lines.some((line) => line.startsWith('tag:') && !line.endsWith('-none-any'))) {
    throw new TypeError('it is for one platform');
  }
}
