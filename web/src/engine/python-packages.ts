/** Where Python packages come from: Pyodide's own folder, or wheels that the page names. */
import { RuntimeLoadError } from '../errors.js';
import { localPath } from '../node.js';
import type { EngineAssets } from '../worker/protocol.js';

/** The wheels that the page names. Nothing else is ever fetched for a name that a bundle gives. */
export class Wheels {
  private readonly urls: ReadonlyMap<string, string>;

  constructor(packages: EngineAssets['packages'] = {}) {
    this.urls = new Map(Object.entries(packages).map(([name, url]) => [normalName(name), url]));
  }

  /** Whether the page names a wheel for this package. */
  has(name: string): boolean {
    return this.urls.has(normalName(name));
  }

  /** What Pyodide is told to load for a package. Throws RuntimeLoadError. */
  source(name: string): string {
    const url = this.urls.get(normalName(name));
    if (url === undefined) {
      // To Pyodide it would be a file to fetch.
      if (name.endsWith('.whl')) throw new RuntimeLoadError(`${name} is not the name of a package`);
      return name;
    }
    const file = decodeURIComponent(url.slice(url.lastIndexOf('/') + 1));
    if (!file.endsWith('.whl') || normalName(file.split('-')[0] ?? '') !== normalName(name))
      throw new RuntimeLoadError(`packages.${name} is no URL of a wheel of it: ${url}`);
    return localPath(url).replaceAll('\\', '/');
  }
}

/** Names that are equal to Python are equal. */
export function normalName(name: string): string {
  return name.replaceAll(/[-_.]+/g, '-').toLowerCase();
}
