/** Engines killed at random points of runs, in Chromium. */
import type { Page } from '@playwright/test';
import { expect, test } from './site.js';

const long = process.env.REMOTEMEDIA_LONG !== undefined;

for (const { python, kills, seed } of [
  { python: false, kills: 150, seed: 3 },
  { python: true, kills: long ? 200 : 10, seed: 4 },
]) {
  test(`${kills} kills, Python: ${python}`, async ({ page, siteUrl }) => {
    test.setTimeout(3_600_000);
    const log: string[] = [];
    page.on('console', (message) => log.push(message.text()));
    page.on('pageerror', (error) => log.push(`unhandled: ${error}`));
    await page.goto(`${siteUrl}web/bare.html`);
    // If a call never settles, this tells which.
    const watch = setInterval(() => console.log(`under way: ${log.at(-1)}`), 120_000);
    const { wrong, endings } = await kill(page, { base: siteUrl, seed, kills, python }).finally(() =>
      clearInterval(watch),
    );
    console.log(`endings: ${JSON.stringify(endings)}`);
    expect(wrong.join('\n')).toBe('');
    expect(log.filter((line) => line.startsWith('unhandled'))).toEqual([]);
    expect(Object.values(endings).reduce((sum, count) => sum + count)).toBe(kills);
    expect(Object.keys(endings).length).toBeGreaterThan(3);
  });
}

interface Options {
  base: string;
  seed: number;
  kills: number;
  python: boolean;
}

function kill(page: Page, options: Options) {
  return page.evaluate(async ({ base, ...plan }) => {
    const workers: Worker[] = [];
    const Original = window.Worker;
    window.Worker = class extends Original {
      constructor(url: string | URL, workerOptions?: WorkerOptions) {
        super(url, workerOptions);
        workers.push(this);
      }
    };
    const library: typeof import('../../web/src/index.js') = await import(
      new URL('/lib/index.js', base).href
    );
    const { chaos }: typeof import('../chaos/chaos.mjs') = await import(
      new URL('/chaos/chaos.mjs', base).href
    );
    window.addEventListener('unhandledrejection', ({ reason }) => console.log(`unhandled: ${reason}`));
    const create = () =>
      library.PipelineRunner.create({ assets: { base: `${base}remotemedia/` }, onOutput() {} });
    const dyingNode = new URL('/chaos/dying-node.mjs', base).href;
    return await chaos({ create, workers, dyingNode }, { ...plan, progress: (text) => console.log(text) });
  }, options);
}
