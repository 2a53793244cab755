// Builds the script of the sandbox's worker: the engine and Pyodide in one classic script, because nothing can be imported
// where it runs. Its source map goes to dist/.maps: only the tests want it.
//   usage: node scripts/build-sandbox.mjs FILE
import { mkdirSync, renameSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const [file] = process.argv.slice(2);
if (!file) throw new Error('usage: node scripts/build-sandbox.mjs FILE');

const bundle = await rolldown({
  input: `${root}web/src/sandbox/sandbox.worker.ts`,
  platform: 'browser',
  tsconfig: `${root}tsconfig.json`,
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  // Pyodide imports these in Node.js.
  external: [/^node:/, 'ws'],
  // It is Pyodide that has them.
  checks: { eval: false },
  // A classic script has no URL of a module, and Pyodide uses none when it is told where its files are.
  transform: { define: { 'import.meta.url': '""' } },
});
await bundle.write({
  file,
  format: 'iife',
  codeSplitting: false,
  minify: true,
  sourcemap: 'hidden',
  banner: "'use strict';",
});
await bundle.close();
mkdirSync(`${root}dist/.maps`, { recursive: true });
renameSync(`${file}.map`, `${root}dist/.maps/${basename(file)}.map`);
