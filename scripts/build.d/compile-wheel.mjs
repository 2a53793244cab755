// Adds bytecode to a wheel, compiled by the very Pyodide that will import it.
//   usage: node compile-wheel.mjs SOURCE.whl TARGET.whl
import { readFileSync, writeFileSync } from 'node:fs';
import { loadPyodide } from 'pyodide';

const [source, target] = process.argv.slice(2);
// Without columns the bytecode is a fifth smaller; the lines of tracebacks stay, only the marks below them go.
const pyodide = await loadPyodide({ env: { PYTHONNODEBUGRANGES: '1' } });
pyodide.FS.writeFile('/source.whl', readFileSync(source));
pyodide.runPython(readFileSync(new URL('compile_wheel.py', import.meta.url), 'utf8'));
pyodide.runPython("compile_wheel('/source.whl', '/target.whl')");
writeFileSync(target, pyodide.FS.readFile('/target.whl'));
