/** The documentation as it lies in the built site. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from './site.js';

const folder = 'dist/site/docs';
/** All pages of the folder. */
function pages(): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.html'));
}

/** Addresses of links, images and styles, and the ids, of a page. */
function read(page: string) {
  const html = readFileSync(join(folder, page), 'utf8');
  const all = (pattern: RegExp) => [...html.matchAll(pattern)].map(([, found]) => found ?? '');
  return { addresses: all(/(?:href|src)="([^"]*)"/g), ids: all(/ id="([^"]*)"/g) };
}

test('every address leads to a file and an anchor of the site', () => {
  expect(pages().length).toBeGreaterThan(40);
  const broken = pages().flatMap((page) =>
    read(page)
      .addresses.filter((address) => !leads(page, address))
      .map((address) => `${page}: ${address}`),
  );
  expect(broken).toEqual([]);
});

function leads(page: string, address: string): boolean {
  if (/^(https?|data):/.test(address)) return true;
  const [path = '', anchor] = address.split('#');
  const file = path ? join(dirname(page), decodeURIComponent(path)) : page;
  if (!existsSync(join(folder, file))) return false;
  return !anchor || read(file).ids.includes(decodeURIComponent(anchor));
}

test('pages ask for nothing but their own files, and have a structure', async ({ page, siteUrl }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  const failed: string[] = [];
  page.on('response', (response) => response.status() >= 400 && failed.push(response.url()));
  for (const name of [
    'index.html',
    'nodes/VADNode.html',
    'api/python.html',
    'repository/CONTRIBUTING.html',
  ]) {
    await page.goto(`${siteUrl}docs/${name}`);
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
    await expect(page.getByRole('navigation', { name: 'Documentation' })).toBeVisible();
    await expect(page.getByRole('main')).toBeVisible();
    expect(await page.title()).toMatch(/\w · RemoteMedia$/);
  }
  expect(failed).toEqual([]);
  expect(asked.filter((url) => !url.startsWith(`${siteUrl}docs/`) && !url.startsWith('data:'))).toEqual([]);
});

test('the demo page leads to the documentation, and the navigation on', async ({ page, siteUrl }) => {
  await page.goto(siteUrl);
  await page.getByRole('link', { name: 'Documentation' }).click();
  await page.getByRole('navigation').getByRole('link', { name: 'Streams' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Streams');
  await expect(page.locator('nav [aria-current]')).toHaveText('Streams');
  await page.getByRole('link', { name: 'Demo', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeVisible();
});

test('the text can be reached by keyboard, in both colour schemes and on a narrow screen', async ({
  page,
  siteUrl,
}) => {
  await page.setViewportSize({ width: 360, height: 700 });
  await page.goto(`${siteUrl}docs/api/typescript.html`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();

  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await colour();
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await colour()).not.toBe(light);
});
