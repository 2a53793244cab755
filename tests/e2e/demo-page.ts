/** What tests of the demo page do on it. */
import type { Locator, Page } from '@playwright/test';
import { expect } from './site.js';

/** The button; what it says depends on what it grants. */
export function runButton(page: Page): Locator {
  return page.locator('#run');
}

/** Opens the page and waits for its first example. */
export async function openDemo(page: Page, siteUrl: string): Promise<void> {
  await page.goto(siteUrl);
  await expect(page.getByRole('status')).toHaveText(/is ready/);
}

/** Chooses a bundle as a file of the user; the page then shows it, or refuses it. */
export async function openBundle(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const file = { name, mimeType: 'application/zip', buffer: Buffer.from(bytes) };
  await page.getByLabel('choose or drop a bundle').setInputFiles(file);
  await expect(page.getByRole('status')).not.toHaveText(/…$/);
}

/** Chooses an example. */
export async function chooseExample(page: Page, name: string): Promise<void> {
  await page.getByLabel('Example').selectOption(name);
  await expect(page.getByRole('status')).toHaveText(`${name} is ready.`);
}

/** Runs with input, if any is given. */
export async function runDemo(page: Page, input?: string): Promise<void> {
  if (input !== undefined) await page.getByLabel('Items, as JSON').fill(input);
  await runButton(page).click();
}

/** What the page shows as output of its only sink. */
export async function outputOf(page: Page): Promise<unknown> {
  await expect(page.getByRole('status')).toHaveText(/^(Done|Failed)\.$/);
  expect(await page.locator('#failure').textContent()).toBe('');
  return JSON.parse((await page.locator('pre.output').textContent()) ?? '');
}

/** What stands behind a term in the description of the bundle. */
export function fact(page: Page, term: string): Locator {
  return page.locator(`dt:text-is("${term}") + dd`);
}

/** Frames of sandboxes in the page. */
export function sandboxes(page: Page): Locator {
  return page.locator('iframe[sandbox="allow-scripts"]');
}

/** Records what the page asks for from now on. */
export function requestsOf(page: Page): string[] {
  const urls: string[] = [];
  page.on('request', (request) => urls.push(request.url()));
  return urls;
}
