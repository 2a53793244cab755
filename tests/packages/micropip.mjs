/**
 * Installs the wheel of dist/wheels by micropip into Pyodide, as a page or JupyterLite would, and runs pipelines there.
 *
 *     node tests/packages/micropip.mjs FOLDER
 *
 * FOLDER holds the wheels of micropip and what it needs. Prints what the pipelines gave as JSON.
 */
import { readdirSync } from 'node:fs';
import { loadPyodide } from 'pyodide';
import { serve } from '../../scripts/serve.mjs';

const code = `
import json
import micropip

await micropip.install(wheel)

from remotemedia import Pipeline, is_rust_runtime_available
from remotemedia.nodes import AddNode, MultiplyNode, TextProcessorNode

async def ticks():
    for tick in range(3):
        yield tick

arithmetic = Pipeline([MultiplyNode(factor=2), AddNode(addend=10)])
numbers = await arithmetic.run([5, 7, 3])
streamed = [item async for _, item in arithmetic.stream(ticks())]
text = await Pipeline([TextProcessorNode()]).run(
    {"text": "Hello WASM", "operations": ["uppercase", "word_count"]}
)
json.dumps({"numbers": numbers, "words": text["results"], "streamed": streamed, "rust": is_rust_runtime_available()})
`;

const wheels = 'dist/wheels';
const [own] = readdirSync(wheels).filter((name) => name.startsWith('remotemedia-'));
const server = await serve({ mounts: { '/own/': wheels, '/others/': process.argv[2] } });
try {
  const pyodide = await loadPyodide();
  await pyodide.loadPackage(readdirSync(process.argv[2]).map((name) => `${server.url}/others/${name}`));
  pyodide.globals.set('wheel', `${server.url}/own/${own}`);
  console.log(await pyodide.runPythonAsync(code));
} finally {
  await server.close();
}
