// Builds the npm library: dist/lib with index.js, the worker's script engine.worker.js, what both share, the audio worklet,
// declarations.
//   usage: node scripts/build-lib.mjs [--minify] [--no-types] [--out FOLDER]
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    minify: { type: 'boolean', default: false },
    'no-types': { type: 'boolean', default: false },
    out: { type: 'string', default: `${root}dist/lib` },
  },
});

// The worker is an entry of its own, so that its URL stays as it is for the user's bundler and for Node.js to find.
const workerUrl = {
  name: 'worker-url',
  transform: {
    filter: { id: /thread\.ts$/ },
    // As long as before, so that source maps stay right.
    handler: (code) => ({ code: code.replace('./engine.worker.ts', './engine.worker.js'), map: null }),
  },
};

rmSync(options.out, { recursive: true, force: true });
const bundle = await rolldown({
  input: { index: `${root}web/src/index.ts`, 'engine.worker': `${root}web/src/worker/engine.worker.ts` },
  plugins: [workerUrl],
  platform: 'browser',
  tsconfig: `${root}tsconfig.json`,
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
});
await bundle.write({
  dir: options.out,
  format: 'esm',
  sourcemap: true,
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
  minify: options.minify,
});
await bundle.close();
// Audio worklets import nothing: the script is the source.
copyFileSync(`${root}web/src/stream/capture.worklet.js`, `${options.out}/capture.worklet.js`);
if (!options['no-types']) {
  execFileSync(`${root}node_modules/.bin/tsc`, ['-p', `${root}tsconfig.lib.json`], { stdio: 'inherit' });
}
