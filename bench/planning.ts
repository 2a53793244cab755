/** Planning and opening a chain of nodes, through the library's own engine, without a worker in between. */
import { Engine } from '../web/src/engine/engine.js';

/** Loads the Rust runtime; the function it gives returns milliseconds for chains of `length` nodes, one per repetition. */
export async function preparePlanning(wasmUrl: string, pyodideUrl: string) {
  const hooks = {
    progress() {},
    output() {},
    enter() {},
    askPage: () => Promise.reject(new Error('no page')),
  };
  const engine = new Engine({ wasm: wasmUrl, pyodide: pyodideUrl }, hooks);
  await engine.loadWasm();
  return async (length: number, repetitions: number): Promise<number[]> => {
    const nodes = Array.from({ length }, (_, k) => ({
      id: `n${k}`,
      node_type: 'AddNode',
      params: { addend: 1 },
    }));
    const connections = nodes.slice(1).map(({ id }, k) => ({ from: `n${k}`, to: id }));
    const manifest = JSON.stringify({ version: 'v1', nodes, connections });
    const rest = { runtimeHint: 'auto', metrics: false, trace: false, circuits: {} } as const;
    const times: number[] = [];
    for (let k = -3; k < repetitions; k++) {
      const begun = performance.now();
      const job = { kind: 'run', manifest, pageNodes: [], nodeModules: [], bundle: null, ...rest } as const;
      const response = await engine.plan(job);
      const run = await engine.open(response, rest);
      if (k >= 0) times.push(performance.now() - begun);
      await run.close();
    }
    return times;
  };
}
