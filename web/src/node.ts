/** What differs in Node.js: reading files, and built-in modules without an import that browser bundlers would trip over. */

interface NodeProcess {
  readonly versions?: { readonly node?: string };
  getBuiltinModule?(name: string): unknown;
}

interface Files {
  promises: {
    readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>;
    stat(path: URL): Promise<{ size: number }>;
  };
}

interface Urls {
  fileURLToPath(url: string): string;
}

/** A built-in module of Node.js, or null in a browser. */
export function nodeBuiltin<T>(name: string): T | null {
  const { process } = globalThis as { process?: NodeProcess };
  if (!process?.versions?.node || !process.getBuiltinModule) return null;
  return process.getBuiltinModule(`node:${name}`) as T;
}

/**
 * The content behind a `file:` URL in Node.js; null for any other URL and in browsers. What `checkSize` throws, given the
 * size in bytes, keeps it from being read.
 */
export function readLocalFile(
  url: URL,
  checkSize?: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> | null {
  const files = url.protocol === 'file:' && nodeBuiltin<Files>('fs')?.promises;
  if (!files) return null;
  return files.stat(url).then(({ size }) => {
    checkSize?.(size);
    return files.readFile(url);
  });
}

/** A `file:` URL as a path in Node.js; any other URL as it is. */
export function localPath(url: string): string {
  if (!url.startsWith('file:')) return url;
  return nodeBuiltin<Urls>('url')?.fileURLToPath(url) ?? url;
}
