/** Checks the files of a bundle, in the order of docs/internals/bundles.md. What a plain bundle has not is loaded when it is needed. */
import type { Manifest } from './manifest.js';
import { sha256 } from './package-hash.js';
import { isObject, type JsonObject, parseObject } from './package-json.js';
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

type Files = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** What the content of a bundle says. */
export type CheckedContent = Omit<LoadedPackage, 'id' | 'size'>;

const unlisted = new Set(['integrity.json', 'signature.json']);
const custom = /^(nodes|wheels|modules)\//;

/** Throws PackageError. */
export async function checkFiles(
  files: Files,
  limits: ZipLimits,
  options: LoadOptions,
): Promise<CheckedContent> {
  const warnings: PackageWarning[] = [];
  const manifestBytes = files.get('manifest.json');
  if (!manifestBytes) return refuse('missing_manifest', 'there is no manifest.json');
  await checkIntegrity(files, options.signal);
  const signer = await readSigner(files, options.trustedKeys ?? [], warnings);
  const manifest = parseObject('manifest.json', manifestBytes);
  const capabilities = await checkRuntime(manifest);
  for (const [name, content] of files) {
    if (!name.endsWith('.wasm')) continue;
    options.signal?.throwIfAborted();
    await (await import('./package/modules.js')).checkModule(name, content);
  }
  const catalog = await readCustomNodes(files, limits, options.signal);
  if (options.requireSignature && signer.trust !== 'trusted') {
    refuse('signature_required', `the bundle is ${signer.trust}, and only trusted ones are wanted`);
  }
  const wasm = files.get('runtime.wasm');
  if (wasm) warnings.push({ code: 'own_runtime', message: "the bundle's own runtime.wasm is not used" });
  return {
    ...signer,
    // Whether it is one, the planner says, with every issue.
    manifest: manifest as unknown as Manifest,
    metadata: readMetadata(files.get('metadata.json'), warnings),
    catalog,
    capabilities,
    files,
    wasmBinary: wasm ? wasm.buffer : null,
    warnings,
  };
}

async function checkIntegrity(files: Files, signal?: AbortSignal): Promise<void> {
  const bytes = files.get('integrity.json');
  if (!bytes) return;
  const { algorithm, entries } = parseObject('integrity.json', bytes);
  if (algorithm !== 'sha256' || !isObject(entries)) {
    return refuse('bad_json', 'not {"algorithm": "sha256", "entries": {…}}', 'integrity.json');
  }
  const listed = new Map(Object.entries(entries));
  for (const [name, content] of files) {
    if (unlisted.has(name)) continue;
    signal?.throwIfAborted();
    if (!listed.has(name)) refuse('unlisted_entry', 'integrity.json does not name it', name);
    if ((await sha256(content)) !== listed.get(name)) refuse('hash_mismatch', 'its SHA-256 is another', name);
  }
  for (const name of listed.keys())
    if (!files.has(name) || unlisted.has(name))
      refuse('missing_entry', 'integrity.json names it, but it is not there', name);
}

async function readSigner(
  files: Files,
  trustedKeys: readonly string[],
  warnings: PackageWarning[],
): Promise<Pick<LoadedPackage, 'trust' | 'keyId'>> {
  const document = files.get('signature.json');
  if (!document) return { trust: 'unsigned', keyId: null };
  const { verifySignature } = await import('./package/signature.js');
  const { keyId, publicKey, verified } = await verifySignature(document, files.get('integrity.json'));
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
  files: Files,
  limits: ZipLimits,
  signal?: AbortSignal,
): Promise<BundleCatalog | null> {
  const wheelFiles = new Set<string>();
  let left = limits.inflatedBytes;
  for (const content of files.values()) left -= content.length;
  for (const [name, content] of files) {
    if (!name.startsWith('wheels/')) continue;
    const { readWheel } = await import('./package/wheels.js');
    const wheel = await readWheel(name, content, { ...limits, inflatedBytes: left }, signal);
    left -= wheel.inflated;
    for (const file of wheel.names) wheelFiles.add(file);
  }
  const document = files.get('catalog.json');
  if (document) return (await import('./package/catalog.js')).readCatalog(document, files, wheelFiles);
  for (const name of files.keys()) {
    if (custom.test(name)) refuse('missing_catalog', 'there is no catalog.json that says what it is', name);
  }
  return null;
}

function readMetadata(bytes: Uint8Array | undefined, warnings: PackageWarning[]): JsonObject | null {
  if (!bytes) return null;
  try {
    return parseObject('metadata.json', bytes);
  } catch {
    warnings.push({ code: 'bad_metadata', message: 'metadata.json is not a JSON object and is ignored' });
    return null;
  }
}
