/** Opens `.rmpkg` bundles, which are untrusted. */
import { asError, CancelledError, PackageError } from './errors.js';
import type { CatalogEntry, Manifest } from './manifest.js';
import { readLocalFile } from './node.js';
import { version } from './version.js';
import { defaultLimits, readZip, type ZipLimits } from './zip-reader.js';

/** Where a bundle can come from. */
export type PackageSource = Blob | ArrayBuffer | Uint8Array | URL;

/** How to load. */
export interface LoadOptions {
  signal?: AbortSignal;
  /** Bytes so far, and in total where known. */
  onProgress?: (progress: { phase: 'download'; loaded: number; total: number | null }) => void;
  /** Other limits than 100 MiB of file, 512 MiB inflated, ratio 200, 4096 entries. */
  limits?: Partial<ZipLimits>;
}

/** Something odd that is no reason to refuse a bundle. */
export interface PackageWarning {
  readonly code: string;
  readonly message: string;
}

/** Who answers for a bundle: nobody, a key that is not among the trusted ones, or one that is. */
export type Trust = 'unsigned' | 'unknown-key' | 'trusted';

/** A node type that a bundle brings. */
export interface BundleEntry extends CatalogEntry {
  /** Python: dotted name of the module that defines the class. */
  module?: string;
}

/** `catalog.json`: the node types that a bundle brings. */
export interface BundleCatalog {
  readonly version: 1;
  /** By the place that runs them: `python` or `rust:<module>`. */
  readonly places: Readonly<Record<string, readonly BundleEntry[]>>;
}

/** What a bundle asks to be allowed, beside computing. */
export interface Capabilities {
  /** Origins that it wants to reach, `https://api.example.com`. */
  readonly network: readonly string[];
}

/** A bundle whose content was checked. */
export interface LoadedPackage {
  /** SHA-256 of the file, in hexadecimal. */
  readonly id: string;
  readonly manifest: Manifest;
  /** `metadata.json`, null if there is none. */
  readonly metadata: Record<string, unknown> | null;
  /** Node types that the bundle brings, null if none. */
  readonly catalog: BundleCatalog | null;
  readonly capabilities: Capabilities;
  /** Every file by name. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** `runtime.wasm` of bundles of the earlier system, else null. */
  readonly wasmBinary: ArrayBuffer | null;
  readonly trust: Trust;
  /** Id of the key that signed it, null if it is unsigned. */
  readonly keyId: string | null;
  /** What is odd but no reason to refuse. */
  readonly warnings: readonly PackageWarning[];
  /** Size of the file in bytes. */
  readonly size: number;
}

/** Loads `.rmpkg` bundles. */
export const PackageLoader = {
  /**
   * Loads a bundle. Throws PackageError with the refusal as its code (docs/bundles.md), CancelledError after an abort,
   * PackageError `download_failed` if a URL cannot be fetched.
   */
  async loadFromFile(source: PackageSource, options: LoadOptions = {}): Promise<LoadedPackage> {
    const limits = { ...defaultLimits, ...options.limits };
    try {
      options.signal?.throwIfAborted();
      const archive = await readSource(source, limits.fileBytes, options);
      const files = await readZip(archive, limits, options.signal);
      return await checkContent(files, archive);
    } catch (error) {
      if (options.signal?.aborted) throw new CancelledError('loading was aborted', { cause: error });
      throw asError(error);
    }
  },
};

async function readSource(
  source: PackageSource,
  maxBytes: number,
  options: LoadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Uint8Array) return new Uint8Array(source);
  if (source instanceof URL) return download(source, maxBytes, options);
  // A Blob's size is true, so that a large file is refused before it is read.
  if (source.size > maxBytes) refuse('too_large', `the file is larger than ${maxBytes} bytes`);
  return new Uint8Array(await source.arrayBuffer());
}

async function download(url: URL, maxBytes: number, options: LoadOptions): Promise<Uint8Array<ArrayBuffer>> {
  const local = readLocalFile(url);
  if (local) return local.catch((error: unknown) => refuse('download_failed', String(error), url.href));
  const response = await fetch(url, options.signal ? { signal: options.signal } : {}).catch(
    (error: unknown) => refuse('download_failed', String(error), url.href),
  );
  if (!response.ok || !response.body)
    return refuse('download_failed', `HTTP status ${response.status}`, url.href);
  const declared = Number(response.headers.get('content-length') ?? Number.NaN);
  const total = Number.isFinite(declared) && !response.headers.has('content-encoding') ? declared : null;
  if (total !== null && total > maxBytes) refuse('too_large', `the file is larger than ${maxBytes} bytes`);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let loaded = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader
      .read()
      .catch((error: unknown) => refuse('download_failed', String(error), url.href));
    if (done) break;
    loaded += value.length;
    if (loaded > maxBytes) {
      reader.cancel().catch(() => {});
      refuse('too_large', `the file is larger than ${maxBytes} bytes`);
    }
    chunks.push(value);
    options.onProgress?.({ phase: 'download', loaded, total });
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

async function checkContent(
  files: Map<string, Uint8Array<ArrayBuffer>>,
  archive: Uint8Array<ArrayBuffer>,
): Promise<LoadedPackage> {
  const warnings: PackageWarning[] = [];
  const manifestBytes = files.get('manifest.json');
  if (!manifestBytes) return refuse('missing_manifest', 'there is no manifest.json');
  await checkIntegrity(files, warnings);
  for (const [name, content] of files) if (name.endsWith('.wasm')) checkWasm(name, content);
  const manifest = parseObject('manifest.json', manifestBytes);
  checkRuntime(manifest);
  const wasm = files.get('runtime.wasm');
  if (wasm) warnings.push({ code: 'own_runtime', message: "the bundle's own runtime.wasm is not used" });
  const catalog = files.get('catalog.json');
  return {
    id: await sha256(archive),
    // Whether it is one, the planner says, with every issue.
    manifest: manifest as unknown as Manifest,
    catalog: catalog ? (parseObject('catalog.json', catalog) as unknown as BundleCatalog) : null,
    capabilities: { network: [] },
    metadata: readMetadata(files.get('metadata.json'), warnings),
    files,
    wasmBinary: wasm ? wasm.buffer : null,
    trust: 'unsigned',
    keyId: null,
    warnings,
    size: archive.length,
  };
}

async function checkIntegrity(
  files: Map<string, Uint8Array<ArrayBuffer>>,
  warnings: PackageWarning[],
): Promise<void> {
  const bytes = files.get('integrity.json');
  if (!bytes) return;
  // Browsers hash only in secure contexts; CRC-32 has found damage already.
  if (!globalThis.crypto?.subtle) {
    warnings.push({ code: 'unchecked_hashes', message: 'hashes cannot be checked on an insecure page' });
    return;
  }
  const { algorithm, entries } = parseObject('integrity.json', bytes);
  if (algorithm !== 'sha256' || typeof entries !== 'object' || entries === null || Array.isArray(entries)) {
    refuse('bad_json', 'integrity.json is not {"algorithm": "sha256", "entries": {…}}', 'integrity.json');
  }
  const listed = new Map(Object.entries(entries as Record<string, unknown>));
  for (const [name, content] of files) {
    if (name === 'integrity.json' || name === 'signature.json') continue;
    if (!listed.has(name)) refuse('unlisted_entry', 'integrity.json does not name it', name);
    if ((await sha256(content)) !== listed.get(name)) refuse('hash_mismatch', 'its SHA-256 is another', name);
    listed.delete(name);
  }
  for (const name of listed.keys())
    refuse('missing_entry', 'integrity.json names it, but it is not there', name);
}

async function sha256(content: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function checkWasm(name: string, content: Uint8Array<ArrayBuffer>): void {
  if (!WebAssembly.validate(content)) refuse('invalid_wasm', 'not a WebAssembly module', name);
}

function checkRuntime(manifest: Record<string, unknown>): void {
  const { runtime } = manifest;
  if (typeof runtime !== 'object' || runtime === null) return;
  const { target, min_version: minimum } = runtime as Record<string, unknown>;
  if (typeof target === 'string' && target !== 'wasm32-wasi' && target !== 'wasm32-wasip1') {
    refuse('wrong_target', `the target is ${JSON.stringify(target)}`, 'manifest.json');
  }
  if (typeof minimum === 'string' && isNewer(minimum)) {
    refuse('newer_version', `it needs version ${minimum}, this is ${version}`, 'manifest.json');
  }
}

function isNewer(wanted: string): boolean {
  const parts = (text: string): number[] => text.split('.').map((part) => Number.parseInt(part, 10));
  const have = parts(version);
  for (const [index, part] of parts(wanted).entries()) {
    const own = have[index] ?? 0;
    if (part !== own) return part > own;
  }
  return false;
}

function readMetadata(
  bytes: Uint8Array | undefined,
  warnings: PackageWarning[],
): Record<string, unknown> | null {
  if (!bytes) return null;
  try {
    return parseObject('metadata.json', bytes);
  } catch {
    warnings.push({ code: 'bad_metadata', message: 'metadata.json is not a JSON object and is ignored' });
    return null;
  }
}

function parseObject(name: string, bytes: Uint8Array): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return refuse('bad_json', String(error), name);
  }
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  return isObject ? (json as Record<string, unknown>) : refuse('bad_json', 'not a JSON object', name);
}

function refuse(code: string, message: string, name?: string): never {
  const where = name === undefined ? '' : ` (${name})`;
  throw new PackageError(`the bundle is refused: ${message}${where}`, { code, path: name ?? null });
}
