/** Where the library finds what it loads: the page's own origin by default, never a CDN unless one is named. */
import { nodeBuiltin } from './node.js';
import type { EngineAssets } from './worker/protocol.js';

/** Other places for what the library loads. Relative URLs count from the page. */
export interface AssetUrls {
  /** Folder of `runtime.wasm`, `sandbox.js` and `pyodide/`: by default `remotemedia/` beside the page, in Node.js beside the library. */
  base?: string | URL;
  /** The Rust runtime. */
  wasm?: string | URL;
  /** Folder of Pyodide's files, our wheel and `pyodide-lock.json`. */
  pyodide?: string | URL;
  /** The worker's script, if it cannot stand beside the library. */
  worker?: string | URL;
  /** The script that captures a microphone, if it cannot stand beside the library. */
  worklet?: string | URL;
  /** The script for bundles that are not trusted. */
  sandbox?: string | URL;
}

/** Where scripts are; undefined: beside the library. */
export interface OwnScripts {
  readonly worker: string | undefined;
  readonly worklet: string | undefined;
  readonly sandbox: string;
}

/** In Node.js, from dist/lib. */
const besideLibrary = '../remotemedia/';

/** Absolute URLs. */
export function resolveAssets(urls: AssetUrls = {}): EngineAssets & OwnScripts {
  const page = pageUrl();
  const base = folder(urls.base ? new URL(urls.base, page) : defaultBase(page));
  return {
    wasm: new URL(urls.wasm ?? 'runtime.wasm', urls.wasm ? page : base).href,
    pyodide: folder(new URL(urls.pyodide ?? 'pyodide/', urls.pyodide ? page : base)).href,
    worker: urls.worker ? new URL(urls.worker, page).href : undefined,
    worklet: urls.worklet ? new URL(urls.worklet, page).href : undefined,
    sandbox: new URL(urls.sandbox ?? 'sandbox.js', urls.sandbox ? page : base).href,
  };
}

/** What relative URLs count from: the page, or in Node.js this module. */
export function pageUrl(): string {
  const { document, location } = globalThis as { document?: Document; location?: Location };
  return document?.baseURI ?? location?.href ?? import.meta.url;
}

function defaultBase(page: string): URL {
  return nodeBuiltin('fs')
    ? new URL(/* @vite-ignore */ /* webpackIgnore: true */ besideLibrary, import.meta.url)
    : new URL('remotemedia/', page);
}

function folder(url: URL): URL {
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
