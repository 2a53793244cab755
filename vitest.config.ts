import { defineConfig } from 'vitest/config';

// With --coverage: Vitest sees only what its own processes run. Worker threads write their part as Node.js does, where
// scripts/test.d/coverage.mjs finds it.
const coverage = process.env.REMOTEMEDIA_COVERAGE;

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
    env: coverage ? { NODE_V8_COVERAGE: `${coverage}/workers` } : {},
    coverage: {
      provider: 'v8',
      // Types alone, and what is generated from the manifest's schema, run nowhere.
      include: ['web/src/**/*.{ts,js}'],
      exclude: ['**/*.d.ts', 'web/src/generated/**'],
      reporter: ['json'],
      reportsDirectory: `${coverage ?? '.cache/coverage'}/vitest`,
      reportOnFailure: true,
    },
  },
});
