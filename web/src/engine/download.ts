/** Fetches and compiles a module, with progress. */
import { readLocalFile } from '../node.js';

/** Bytes that have come; `total` is null while unknown. */
export type Progress = (loaded: number, total: number | null) => void;

/** Events of one download, at most, beside the first and the last. */
const steps = 16;

/** The module behind a URL, compiled while it streams in where the host can. */
export async function compile(url: URL, progress: Progress): Promise<WebAssembly.Module> {
  progress(0, null);
  const local = readLocalFile(url);
  if (local) {
    const { byteLength } = await local;
    progress(byteLength, byteLength);
    return WebAssembly.compile(await local);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  const counted = count(response.clone(), progress);
  const [module] = await Promise.all([compileResponse(response), counted]);
  return module;
}

function compileResponse(response: Response): Promise<WebAssembly.Module> {
  // Streaming needs the right MIME type, which not every server sends.
  if (response.headers.get('content-type')?.startsWith('application/wasm')) {
    return WebAssembly.compileStreaming(response);
  }
  return response.arrayBuffer().then((bytes) => WebAssembly.compile(bytes));
}

/**
 * Reads a response and tells how many of its bytes have come. To be given a clone: browsers keep compiled code only for
 * a response that is handed to the compiler as it came.
 */
async function count({ body, headers }: Response, progress: Progress): Promise<void> {
  // The length of compressed content is not that of what is read.
  const total = headers.has('content-encoding') ? null : Number(headers.get('content-length')) || null;
  const step = (total ?? 2 ** 24) / steps;
  let loaded = 0;
  let told = 0;
  const reader = body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) break;
    loaded += value.length;
    if (loaded - told < step) continue;
    told = loaded;
    progress(loaded, total);
  }
  if (loaded > told) progress(loaded, loaded);
}
