/** Chromium as a host: `call(method, ...args)` of bench/audio/page.mjs and worker.mjs. */
import { chromium } from '@playwright/test';
import { launchOptions } from '../../scripts/chromium.mjs';
import { serve } from '../../scripts/serve.mjs';

const site = '/some/sub/path/';
/** Only isolated pages have a clock with steps of 5 µs. */
const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** Starts it. `built` is the folder of the bundled scripts. */
export async function startChromium(built) {
  const browser = await chromium.launch(launchOptions());
  const server = await serve({
    mounts: { [site]: 'dist/site', '/bench-built/': built, '/peers/': 'bench/node_modules' },
    headers: isolation,
  });
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${server.url}${site}web/bare.html`);
  await page.waitForFunction(() => 'bare' in window, undefined, { timeout: 120_000 });
  await page.evaluate((script) => import(script), `${server.url}/bench-built/page.js`);
  const call = (method, ...args) =>
    page.evaluate(([name, list]) => window.audioBench(name, ...list), [method, args]);
  await call('load', `${server.url}${site}remotemedia/runtime.wasm`);
  return {
    name: `Chromium ${browser.version()}`,
    call,
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}
