/** The demo page without a mouse, with a screen reader, on a narrow screen, in the dark. */
import type { Page } from '@playwright/test';
import { bundleFile } from '../../web/tests/bundles.js';
import { chain } from '../../web/tests/chains.js';
import { chooseExample, openBundle, openDemo, outputOf, runButton, runDemo } from './demo-page.js';
import { expect, test } from './site.js';

const origin = 'https://api.example.com';
const asking = bundleFile(chain({ node_type: 'ClampNode', params: { high: 2 } }), { network: [origin] });

/** Presses a key until something has the focus; no more often than there are things on the page. */
async function pressUntil(page: Page, key: string, selector: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if (await page.evaluate((selector) => document.activeElement?.matches(selector), selector)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} does not lead to ${selector}`);
}

test('a bundle is opened, allowed, changed and run by keyboard alone', async ({ page, siteUrl }) => {
  await openDemo(page, siteUrl);
  await pressUntil(page, 'Tab', '#bundle-file');
  const chooser = page.waitForEvent('filechooser');
  await page.keyboard.press('Enter');
  const file = { name: 'ask.rmpkg', mimeType: 'application/zip', buffer: Buffer.from(asking) };
  await (await chooser).setFiles(file);
  await expect(page.locator('#bundle')).toBeFocused();
  await pressUntil(page, 'Tab', 'input[type=checkbox]');
  await page.keyboard.press('Space');
  await pressUntil(page, 'Tab', 'summary');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(page.getByLabel('high')).toBeFocused();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('5');
  await pressUntil(page, 'Tab', '#input');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('[-1, 3, 9]');
  await pressUntil(page, 'Tab', '#run');
  await expect(runButton(page)).toHaveAccessibleName(`Run and allow ${origin}`);
  await page.keyboard.press('Enter');
  expect(await outputOf(page)).toEqual([0, 3, 5]);
  await expect(page.locator('#results')).toBeFocused();
});

test('a failure gets the focus, and stopping keeps it', async ({ page, siteUrl }) => {
  await openDemo(page, siteUrl);
  await openBundle(page, 'loop.rmpkg', bundleFile(chain({ node_type: 'LoopNode' })));
  await page.getByLabel('Items, as JSON').fill('["loop"]');
  await runButton(page).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status')).toHaveText('Running …');
  await expect(runButton(page)).toBeFocused();
  await expect(runButton(page)).toBeDisabled();
  await pressUntil(page, 'Tab', '#stop');
  await page.keyboard.press('Space');
  await expect(page.locator('#failure')).toContainText('CancelledError');
  await expect(page.locator('#failure')).toBeFocused();
  await expect(page.getByRole('button', { name: 'Stop' })).toBeDisabled();
});

/** What is wrong with names, roles and ids on the page. */
function problems(): string[] {
  const found: string[] = [];
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of ids)
    if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`the id ${id} is there twice`);
  for (const attribute of ['aria-describedby', 'aria-labelledby', 'for']) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      const named = element.getAttribute(attribute)?.split(' ') ?? [];
      found.push(...named.filter((id) => !ids.includes(id)).map((id) => `${attribute} names ${id}`));
    }
  }
  for (const control of document.querySelectorAll<HTMLInputElement>('input, select, textarea')) {
    if (!control.labels?.length && !control.ariaLabel) found.push(`${control.outerHTML} has no label`);
  }
  const levels = [...document.querySelectorAll('h1, h2, h3, h4')].map(({ tagName }) => Number(tagName[1]));
  for (const [at, level] of levels.entries())
    if (level > (levels[at - 1] ?? 0) + 1)
      found.push(`a heading of level ${level} follows ${levels[at - 1]}`);
  if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
  return found;
}

/** Texts with less contrast than 4.5 to what is behind them. */
function faint(): string[] {
  const numbers = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = numbers(colour).map((part) => {
      const level = part / 255;
      return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element: Element | null): string => {
    if (!element) return 'rgb(255, 255, 255)';
    const { backgroundColor } = getComputedStyle(element);
    return numbers(backgroundColor)[3] === 0 ? behind(element.parentElement) : backgroundColor;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found: string[] = [];
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const element = text.parentElement;
    // What is disabled need not be read.
    if (!text.textContent?.trim() || !element?.checkVisibility() || element.ariaDisabled === 'true') continue;
    const [one, two] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
    const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (contrast < 4.5) found.push(`${text.textContent.trim().slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  return found;
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`names, structure, contrast and width: ${colorScheme}, 320 px`, async ({ page, siteUrl }) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 320, height: 700 });
    await openDemo(page, siteUrl);
    const look = async () => {
      await page.evaluate(() => {
        for (const form of document.querySelectorAll('details')) form.open = true;
      });
      expect(await page.evaluate(problems)).toEqual([]);
      expect(await page.evaluate(faint)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    };
    await openBundle(page, `${'long-name-'.repeat(20)}.rmpkg`, asking);
    await look();
    await openBundle(page, 'bad.rmpkg', asking.subarray(0, 300));
    await expect(page.getByRole('alert')).toContainText('PackageError');
    await look();
    await chooseExample(page, 'level-meter');
    await runDemo(page, '{"data": [1, 0, 1, 0], "sample_rate": 8000, "channels": 2}');
    await expect(page.getByRole('meter')).toHaveCount(2);
    await look();
  });
}

test('the checks of this file find what is wrong', async ({ page }) => {
  await page.setContent(
    '<html lang="en"><body style="background: white"><h1>a</h1><h3 id="x" style="color: silver">b</h3><input id="x"></body></html>',
  );
  expect(await page.evaluate(problems)).toHaveLength(4);
  expect(await page.evaluate(faint)).toEqual([expect.stringMatching(/^b: 1\.8/)]);
});
