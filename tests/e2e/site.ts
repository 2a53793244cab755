/** Serves the built site under a sub-path, and the library beside it, to every test. */
import { test as base } from '@playwright/test';
import { serve } from '../../scripts/serve.mjs';
import { measure } from './coverage.js';

/** Where the site lies: never at the root, so that an absolute URL in it shows at once. */
export const sitePath = '/some/sub/path/';

interface Servers {
  /** URL of the built site, with a slash at the end. */
  siteUrl: string;
}

interface Options {
  /** Whether what the page runs counts as covered. Counting takes time and memory. */
  isCounted: boolean;
}

export const test = base.extend<Options, Servers>({
  isCounted: [true, { option: true }],
  page: async ({ page, isCounted }, use, { testId }) => {
    const folder = isCounted && process.env.REMOTEMEDIA_COVERAGE;
    const write = folder && (await measure(page, `${folder}/chromium/${testId}.json`));
    await use(page);
    if (write) await write();
  },
  siteUrl: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the needed fixtures from this pattern
    async ({}, use) => {
      const server = await serve({
        mounts: {
          [sitePath]: 'dist/site',
          '/lib/': 'dist/lib',
          '/sources/': '.cache/pyodide-suite',
          '/chaos/': 'tests/chaos',
          '/hostile/': '.cache/hostile',
        },
      });
      await use(server.url + sitePath);
      await server.close();
    },
    { scope: 'worker' },
  ],
});

export { expect } from '@playwright/test';
