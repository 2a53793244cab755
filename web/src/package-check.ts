/** Checks the files of a bundle, in the order of docs/internals/bundles.md. What a plain bundle has not is loaded when it is needed. */
import type { Manifest } from './manifest.js';
import { isObject, type JsonObject, readObject } from './package-json.js';
import type {
  BundleCatalog,
  Capabilities,
  LoadedPackage,
  LoadOptions,
  PackageWarning,
} from './package-loader.js';
import { refuse } from './package-refusal.js';
import { version } from './version.js';
import type { ZipLimits } from './zip-directory.js';
import type { Contents } from './zip-reader.js';

/** What the content of a bundle says. */
export type CheckedContent = Omit<LoadedPackage, 'id' | 'size' | 'files' | 'wasmBinary'>;

const unlisted = new Set(['integrity.json', 'signature.json']);
const custom = /^(nodes|wheels|modules)\//;

/** Throws PackageError. */
export async function checkFiles(
  files: Contents,
  limits: ZipLimits,
  options: LoadOptions,
): Promise<CheckedContent> {
  const warnings: PackageWarning[] = [];
  if (!files.sizes.has('manifest.json')) refuse('missing_manifest', 'there is no manifest.json');
  await checkIntegrity(files, options.signal);
  const signer = await readSigner(files, options.trustedKeys ?? [], warnings);
  const manifest = await readObject(files, 'manifest.json');
  const capabilities = await checkRuntime(manifest);
  for (const name of files.sizes.keys()) {
    if (!name.endsWith('.wasm')) continue;
    options.signal?.throwIfAborted();
    await (await import('./package/modules.js')).checkModule(name, files);
  }
  const catalog = await readCustomNodes(files, limits, options.signal);
  if (options.requireSignature && signer.trust !== 'trusted') {
    refuse('signature_required', `the bundle is ${signer.trust}, and only trusted ones are wanted`);
  }
  if (files.sizes.has('runtime.wasm'))
    warnings.push({ code: 'own_runtime', message: "the bundle's own runtime.wasm is not used" });
  return {
    ...signer,
    // Whether it is one, the planner says, with every issue.
    manifest: manifest as unknown as Manifest,
    metadata: await readMetadata(files, warnings),
    catalog,
    capabilities,
    warnings,
  };
}

async function checkIntegrity(files: Contents, signal?: AbortSignal): Promise<void> {
  if (!files.sizes.has('integrity.json')) return;
  const { algorithm, entries } = await readObject(files, 'integrity.json');
  if (algorithm !== 'sha256' || !isObject(entries)) {
    return refuse('bad_json', 'not {"algorithm": "sha256", "entries": {…}}', 'integrity.json');
  }
  const listed = new Map(Object.entries(entries));
  for (const name of files.sizes.keys()) {
    if (unlisted.has(name)) continue;
    signal?.throwIfAborted();
    if (!listed.has(name)) refuse('unlisted_entry', 'integrity.json does not name it', name);
    if ((await files.hash(name)) !== listed.get(name))
      refuse('hash_mismatch', 'its SHA-256 is another', name);
  }
  for (const name of listed.keys())
    if (!files.sizes.has(name) || unlisted.has(name))
      refuse('missing_entry', 'integrity.json names it, but it is not there', name);
}

async function readSigner(
  files: Contents,
  trustedKeys: readonly string[],
  warnings: PackageWarning[],
): Promise<Pick<LoadedPackage, 'trust' | 'keyId'>> {
  if (!files.sizes.has('signature.json')) return { trust: 'unsigned', keyId: null };
  const { verifySignature } = await import('./package/signature.js');
  const { keyId, publicKey, verified } = await verifySignature(files);
  if (!verified) {
    const message = 'the signature cannot be verified: the page is not secure, or the browser is too old';
    warnings.push({ code: 'unverified_signature', message });
  }
  return {
    trust: verified && trustedKeys.some((key) => key.trim() === publicKey) ? 'trusted' : 'unknown-key',
    keyId,
  };
}

async function checkRuntime({ runtime }: JsonObject): Promise<Capabilities> {
  if (!isObject(runtime)) return { network: [] };
  const { capabilities, target, min_version: oldest } = runtime;
  const allowed =
    capabilities === undefined
      ? { network: [] }
      : (await import('./package/requirements.js')).readCapabilities(capabilities);
  if (typeof target === 'string' && target !== 'wasm32-wasi' && target !== 'wasm32-wasip1') {
    refuse('wrong_target', `the target is ${JSON.stringify(target)}`, 'manifest.json');
  }
  // What most say needs no comparison.
  if (typeof oldest === 'string' && oldest !== version) {
    (await import('./package/requirements.js')).checkVersion(oldest);
  }
  return allowed;
}

/** The catalog of what is in `nodes/`, `wheels/` and `modules/`. */
async function readCustomNodes(
  files: Contents,
  limits: ZipLimits,
  signal?: AbortSignal,
): Promise<BundleCatalog | null> {
  const wheelFiles = new Set<string>();
  let left = limits.inflatedBytes;
  for (const size of files.sizes.values()) left -= size;
  for (const name of files.sizes.keys()) {
    if (!name.startsWith('wheels/')) continue;
    const { readWheel } = await import('./package/wheels.js');
    const wheel = await readWheel(name, files, { ...limits, inflatedBytes: left }, signal);
    left -= wheel.inflated;
    for (const file of wheel.names) wheelFiles.add(file);
  }
  if (files.sizes.has('catalog.json')) {
    return (await import('./package/catalog.js')).readCatalog(files, wheelFiles);
  }
  for (const name of files.sizes.keys()) {
    if (custom.test(name)) refuse('missing_catalog', 'there is no catalog.json that says what it is', name);
  }
  return null;
}

async function readMetadata(files: Contents, warnings: PackageWarning[]): Promise<JsonObject | null> {
  if (!files.sizes.has('metadata.json')) return null;
  try {
    return await readObject(files, 'metadata.json');
  } catch {
    warnings.push({ code: 'bad_metadata', message: 'metadata.json is not a JSON object and is ignored' });
    return null;
  }
}
