import { defineConfig } from 'vite';

const laterParts = /\/(engine\/|worker\/(engine|page-nodes)|value-json)/;

function isNeededAtOnce(id: string): boolean {
  return id.includes('/web/src/') && !laterParts.test(id);
}

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
  worker: { format: 'es' },
});
