/**
 * The engine's thread in a sandbox, one classic script with Pyodide in it (`sandbox.js`): opaque origins start no module
 * workers and import nothing. The page's messages come by a port.
 */
import './globals.js'; // before everything else runs
import createPyodideModule from 'pyodide/pyodide.asm.mjs';
import { loadPyodide } from 'pyodide/pyodide.mjs';
import type { LoadPyodide } from '../engine/pyodide-api.js';
import { version } from '../version.js';
import { EngineHost } from '../worker/engine-host.js';
import { failWithPython } from '../worker/fatal.js';
import type { ToEngine } from '../worker/protocol.js';
import { kept } from './globals.js';
import type { ToShelf } from './messages.js';
import { Outside } from './outside.js';

addEventListener('message', begin, { once: true });
failWithPython();

function begin({ data: network, ports }: MessageEvent<readonly string[]>): void {
  const [port, files] = ports;
  if (!port || !files) throw new Error('two ports are needed');
  files.postMessage({ type: 'hello', version } satisfies ToShelf);
  const outside = new Outside(files, network);
  let own: readonly string[] = [];
  // What the engine and Pyodide load is handed in by the page; the engine's own requests cannot be told from the bundle's.
  globalThis.fetch = (input, init) => {
    const url = input instanceof URL ? input.href : input;
    const isOwn = typeof url === 'string' && own.some((base) => url.startsWith(base));
    return isOwn ? outside.file(url) : outside.request(input, init);
  };
  const host = new EngineHost(
    (message, transfer = []) => port.postMessage(message, transfer),
    starter(network, outside),
  );
  port.onmessage = ({ data }: MessageEvent<ToEngine>) => {
    if (data.type === 'init') {
      const { wasm, pyodide, packages = {} } = data.assets;
      own = [wasm, pyodide, ...Object.values(packages)];
    }
    host.handle(data);
  };
}

/** Starts Python and shuts it in. */
function starter(network: readonly string[], outside: Outside): LoadPyodide {
  return async (options) => {
    const pyodide = await loadPyodide({ ...options, createPyodideModule, jsglobals: open(network, outside) });
    const module = pyodide.pyimport('remotemedia._hosts.sandbox');
    module.confine(network.length > 0);
    module.destroy();
    return pyodide;
  };
}

/** What Python finds in its module `js`: what it takes to use the origins that were granted. */
function open(network: readonly string[], outside: Outside): object {
  if (network.length === 0) return {};
  const { Headers, Request, Response, XMLHttpRequest } = kept;
  const fetch = outside.request.bind(outside);
  return { AbortController, AbortSignal, Headers, Object, Request, Response, XMLHttpRequest, fetch };
}
