/** The corpus of tests/hostile in a real page: the same codes, bounded memory, and no error that nobody handles. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { CDPSession, Page } from '@playwright/test';
import type { Options } from '../hostile/case.js';
import { type Verdict, verdict } from '../hostile/verdict.js';
import { openEmbedding } from './embed.js';
import { expect, test } from './site.js';

interface Listed {
  readonly name: string;
  readonly file: string;
  readonly options: Options;
  /** What must be said of a case. */
  readonly code?: string | null;
  readonly trust?: string;
  /** What Node.js says of a random change. */
  readonly verdict?: Verdict;
}

/** What the page holds. */
interface Loading {
  readonly library: typeof import('../../web/src/index.js');
  readonly verdict: typeof verdict;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const folder = '.cache/hostile';
const mostGrowth = 64 * 2 ** 20;
let index: Listed[] = [];

test.beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync('node', ['tests/hostile/write.mjs', folder, '300', '2'], { stdio: 'inherit' });
  index = JSON.parse(readFileSync(`${folder}/index.json`, 'utf8'));
});

test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Everything that nobody handled in a page. */
function unhandled(page: Page): string[] {
  const found: string[] = [];
  page.on('pageerror', (error) => found.push(String(error)));
  page.on('crash', () => found.push('the page crashed'));
  return found;
}

async function open(page: Page, siteUrl: string): Promise<void> {
  await openEmbedding(page, siteUrl);
  await page.evaluate(`window.verdict = ${verdict}`);
}

/** Fetches a bundle and loads it; `start` is called in between. */
async function load(page: Page, { file, options }: Listed, start?: () => Promise<void>): Promise<Verdict> {
  await page.evaluate(async (url) => {
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
    Object.assign(window, { bytes });
  }, `/hostile/${file}`);
  await start?.();
  return page.evaluate(async (given) => {
    const { library, verdict: judge, bytes } = window as unknown as Loading;
    return judge(library.PackageLoader, bytes, given);
  }, options);
}

test('every hostile bundle gets its code', async ({ page, siteUrl }) => {
  const errors = unhandled(page);
  await open(page, siteUrl);
  const wrong: string[] = [];
  const cases = index.filter(({ code }) => code !== undefined);
  for (const entry of cases) {
    const found = await load(page, entry);
    if (found.code !== entry.code || (found.trust ?? entry.trust) !== entry.trust) {
      wrong.push(`${entry.name}: ${found.code} ${found.trust} instead of ${entry.code} ${entry.trust}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(errors).toEqual([]);
  expect(cases.length).toBeGreaterThan(300);
});

test('random changes get the same verdict as in Node.js', async ({ page, siteUrl }) => {
  const errors = unhandled(page);
  await open(page, siteUrl);
  const wrong: string[] = [];
  const changes = index.filter(({ verdict: told }) => told !== undefined);
  // Which is found first, of a stream that is both too long and corrupt, is up to zlib.
  const plain = (found?: Verdict) => (found?.code === 'size_mismatch' ? { code: 'corrupt_data' } : found);
  for (const entry of changes) {
    const found = JSON.stringify(plain(await load(page, entry)));
    const told = JSON.stringify(plain(entry.verdict));
    if (found !== told) wrong.push(`${entry.name}: ${found} instead of ${told}`);
  }
  expect(wrong).toEqual([]);
  expect(errors).toEqual([]);
  expect(changes.length).toBe(300);
});

test('no hostile bundle takes much memory', async ({ page, browser, siteUrl }) => {
  test.skip(!existsSync('/proc/self/clear_refs'), 'reads the memory of the process from /proc');
  await open(page, siteUrl);
  const process = await rendererOf(page, await browser.newBrowserCDPSession());
  const cdp = await page.context().newCDPSession(page);
  let worst = { name: '', growth: 0 };
  for (const entry of index.filter(({ code }) => typeof code === 'string')) {
    let before = 0;
    await load(page, entry, async () => {
      await cdp.send('HeapProfiler.collectGarbage');
      writeFileSync(`/proc/${process}/clear_refs`, '5'); // the peak starts anew
      before = memory(process, 'VmRSS');
    });
    const growth = memory(process, 'VmHWM') - before;
    if (growth > worst.growth) worst = { name: entry.name, growth };
  }
  test.info().annotations.push({ type: 'memory', description: JSON.stringify(worst) });
  expect(worst.growth, worst.name).toBeGreaterThan(0);
  expect(worst.growth, worst.name).toBeLessThanOrEqual(mostGrowth);
});

/** Id of the page's process: the renderer that grows when the page does. */
async function rendererOf(page: Page, browser: CDPSession): Promise<number> {
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  const before = new Map(renderers.map((id) => [id, memory(id, 'VmRSS')]));
  await page.evaluate(() => Object.assign(window, { bytes: new Uint8Array(64 * 2 ** 20).fill(1) }));
  const grown = renderers.filter((id) => memory(id, 'VmRSS') - (before.get(id) ?? 0) > 48 * 2 ** 20);
  expect(grown.length).toBe(1);
  await page.evaluate(() => Object.assign(window, { bytes: null }));
  return grown[0] ?? 0;
}

/** A line of /proc/<id>/status, in bytes. */
function memory(process: number, field: string): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(
    readFileSync(`/proc/${process}/status`, 'utf8'),
  );
  return Number(line?.[1]) * 1024;
}
