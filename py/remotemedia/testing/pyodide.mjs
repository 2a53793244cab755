// Runs `remotemedia.testing._inside` in Pyodide: the request as JSON on stdin, the answer as JSON on stdout.
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const request = JSON.parse(await text(process.stdin));
const notes = [];
let answer;
try {
  const { loadPyodide } = await import(pathToFileURL(`${request.pyodide}/pyodide.mjs`).href);
  const pyodide = await loadPyodide({
    indexURL: `${request.pyodide}/`,
    env: { HOME: '/home/pyodide', PYTHONDONTWRITEBYTECODE: '1' },
    stdout: console.error,
    stderr: console.error,
  });
  const note = (line) => notes.push(line);
  if (request.packages.length > 0) {
    await pyodide.loadPackage(request.packages, { messageCallback: note, errorCallback: note });
  }
  mount('/contract/remotemedia/remotemedia', request.package);
  if (request.root !== null) mount('/contract/nodes', request.root);
  pyodide.runPython(`
import sys
sys.path.insert(0, '/contract/remotemedia')
sys.path.append('/contract/nodes')  # last: a folder of native packages must not hide Pyodide's own
`);
  const main = pyodide.runPython('from remotemedia.testing._inside import main; main');
  answer = await main(JSON.stringify(request));

  function mount(path, folder) {
    pyodide.FS.mkdirTree(path);
    pyodide.mountNodeFS(path, folder);
  }
} catch (error) {
  const message = `Pyodide in ${request.pyodide} cannot run the node: ${[...notes, error.message].join('\n')}`;
  const wire = { name: 'RuntimeLoadError', code: 'runtime_load_error', message };
  answer = JSON.stringify({ name: wire.name, message, wire, traceback: String(error.stack) });
}
process.stdout.write(answer, () => process.exit(0));
