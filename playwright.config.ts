import { defineConfig } from '@playwright/test';
import { launchOptions } from './scripts/chromium.mjs';

// Pyodide starts in 2 to 5 s on a busy machine: the limit only ends what hangs.
export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results',
  timeout: 300_000,
  expect: { timeout: 120_000 },
  workers: 1,
  forbidOnly: true,
  globalSetup: './tests/e2e/bundles.ts',
  retries: 0,
  projects: [{ name: 'chromium', use: { browserName: 'chromium', launchOptions: launchOptions() } }],
});
