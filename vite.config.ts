import { createReadStream, existsSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

const laterParts =
  /\/(engine\/|generated\/|package\/|sandbox\/|stream\/|worker\/(admission|deadlines|engine|page|sandbox)|movable|run-metrics|trace|value-json)/;

function isNeededAtOnce(id: string): boolean {
  return id.includes('/web/src/') && !laterParts.test(id);
}

/** `npm run dev` serves what scripts/build made, where the built site has it. */
const builtAssets: Plugin = {
  name: 'built-assets',
  configureServer: ({ middlewares }) => {
    middlewares.use((request, response, next) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname;
      const file = /^\/(remotemedia|bundles)\/[\w./-]+$/.test(path) && !path.includes('..') && `dist${path}`;
      if (!file || !existsSync(file)) return next();
      if (file.endsWith('.wasm')) response.setHeader('content-type', 'application/wasm');
      if (file.endsWith('.mjs')) response.setHeader('content-type', 'text/javascript');
      createReadStream(file).pipe(response);
    });
  },
};

// The site works under any sub-path: all its URLs are relative.
export default defineConfig({
  base: './',
  build: {
    outDir: 'dist/site',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: true,
    // Data URLs would need more of a content security policy than 'self'.
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      input: { index: 'index.html', bare: 'web/bare.html' },
      // What a page needs of the library at once is one file; the rest is loaded where it is needed.
      output: { codeSplitting: { groups: [{ name: 'remotemedia', test: isNeededAtOnce }] } },
    },
  },
  plugins: [builtAssets],
  worker: { format: 'es' },
});
