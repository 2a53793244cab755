/** What a loader says of a bundle, in a form that can be compared between languages. */
import type { LoadedPackage, PackageLoader } from '../../web/src/package-loader.js';
import type { Options } from './case.js';

/** Code of the refusal, else what the bundle is. */
export interface Verdict {
  readonly code: string | null;
  readonly trust?: string;
  readonly keyId?: string | null;
  readonly id?: string;
  readonly network?: readonly string[];
  readonly places?: readonly string[];
  /** Length of every file. */
  readonly files?: Readonly<Record<string, number>>;
}

type Loader = Pick<typeof PackageLoader, 'load'>;

/** Loads a bundle. Any other error than a refusal is thrown. Runs in pages too, so it uses nothing from here. */
export async function verdict(
  loader: Loader,
  source: Uint8Array<ArrayBuffer> | URL | Blob,
  options: Options,
): Promise<Verdict> {
  let loaded: LoadedPackage;
  try {
    loaded = await loader.load(source, options);
  } catch (error) {
    const { name, code } = error as { name: string; code: string };
    if (name !== 'PackageError') throw error;
    return { code };
  }
  const { id, trust, keyId, capabilities, catalog, files } = loaded;
  return {
    code: null,
    trust,
    keyId,
    id,
    network: capabilities.network,
    places: Object.keys(catalog?.places ?? {}).sort(),
    files: Object.fromEntries([...files].map(([name, content]) => [name, content.length])),
  };
}
