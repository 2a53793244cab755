import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Node.js 20 may abort when a worker is ended while V8 compiles for it on another thread, and tests end many.
    execArgv: ['--no-concurrent-recompilation'],
    include: ['web/tests/**/*.test.ts'],
    globalSetup: ['web/tests/setup.ts'],
    setupFiles: ['web/tests/seed.ts'],
    // Starting Python takes seconds, more on a busy machine.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Pyodide is loaded as it is, not through Vite.
    server: { deps: { external: [/\/dist\//] } },
    // Two cores, and each runner has a worker of its own.
    maxWorkers: 2,
  },
});
