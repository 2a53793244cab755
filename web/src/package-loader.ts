/** Opens `.rmpkg` bundles, which are untrusted. */
import { asError, CancelledError } from './errors.js';
import type { CatalogEntry, Manifest } from './manifest.js';
import { checkFiles } from './package-check.js';
import { sha256 } from './package-hash.js';
import { refuse } from './package-refusal.js';
import { readSource } from './package-source.js';
import { type Located, readEntries, type ZipLimits } from './zip-directory.js';
import { type Contents, defaultLimits, readAll } from './zip-reader.js';

/** Bytes that a refused bundle may cost, inflated. */
const mostAtOnce = 2 ** 24;

/** Where a bundle can come from. */
export type PackageSource = Blob | ArrayBuffer | Uint8Array | URL;

/** How to load. */
export interface LoadOptions {
  signal?: AbortSignal;
  /** Bytes so far, and in total where known. */
  onProgress?: (progress: { phase: 'download'; loaded: number; total: number | null }) => void;
  /** Other limits than 100 MiB of file, 512 MiB inflated, ratio 200, 4096 entries. */
  limits?: Partial<ZipLimits>;
  /** Public keys that are trusted, each the base64 text of the raw Ed25519 key. */
  trustedKeys?: readonly string[];
  /** Refuses a bundle that is not signed by one of `trustedKeys` (`signature_required`). */
  requireSignature?: boolean;
  /**
   * SHA-256 that the file must have, in hexadecimal (else `hash_mismatch`). A bundle from a URL is then kept in the
   * browser's Cache API, and taken from there the next time without a request.
   */
  sha256?: string;
  /** False: no cache, even if `sha256` is given. */
  cache?: boolean;
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

/**
 * Loads a bundle. Throws PackageError with the refusal as its code (docs/bundles.md), CancelledError after an abort,
 * PackageError `download_failed` if a URL cannot be fetched. Leave given bytes alone until it has settled.
 */
async function loadFromFile(source: PackageSource, options: LoadOptions = {}): Promise<LoadedPackage> {
  const limits = { ...defaultLimits, ...options.limits };
  try {
    options.signal?.throwIfAborted();
    const store = source instanceof URL && options.sha256 && options.cache !== false;
    const cache = store ? await import('./package/cache.js') : null;
    const wanted = options.sha256?.toLowerCase() ?? '';
    const known = await cache?.cached(wanted, limits.fileBytes);
    const archive = known ?? (await readSource(source, limits.fileBytes, options));
    if (wanted && !known) await checkHash(archive, wanted);
    const contents = await open(await readEntries(archive, limits), options.signal);
    const content = await checkFiles(contents, limits, options);
    const id = wanted || (await sha256(archive));
    const files = await filesOf(contents, options.signal);
    // Nobody waits for it: what is kept helps only the next load.
    if (!known) void cache?.keep(id, archive);
    const wasmBinary = files.get('runtime.wasm')?.buffer ?? null;
    return { ...content, id, files, wasmBinary, size: archive.length };
  } catch (error) {
    if (options.signal?.aborted) throw new CancelledError('loading was aborted', { cause: error });
    throw asError(error);
  }
}

/** Small ones are inflated once, large ones only checked at first. */
async function open(entries: readonly Located[], signal?: AbortSignal): Promise<Contents> {
  let inflated = 0;
  for (const { entry } of entries) inflated += entry.size;
  if (inflated <= mostAtOnce) return readAll(entries, signal);
  return (await import('./package/large.js')).checkAll(entries, signal);
}

async function filesOf(
  contents: Contents,
  signal?: AbortSignal,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of contents.sizes.keys()) {
    signal?.throwIfAborted();
    files.set(name, await contents.read(name));
  }
  return files;
}

async function checkHash(archive: Uint8Array<ArrayBuffer>, wanted: string): Promise<void> {
  const found = await sha256(archive);
  if (found !== wanted) refuse('hash_mismatch', `the SHA-256 of the file is ${found}, not ${wanted}`);
}

/** Loads `.rmpkg` bundles; `load` and `loadFromFile` are the same. */
export const PackageLoader = { load: loadFromFile, loadFromFile };
