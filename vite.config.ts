import { defineConfig } from 'vite';

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
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { index: 'index.html', bare: 'web/bare.html' } },
  },
  worker: { format: 'es' },
});
