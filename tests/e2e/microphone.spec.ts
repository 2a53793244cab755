/** The demo page with a microphone: Chromium's fake device, which beeps once a second. */
import { launchOptions } from '../../scripts/chromium.mjs';
import { expect, test } from './site.js';

const { executablePath, args } = launchOptions();
const fakeDevice = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
test.use({ launchOptions: { executablePath, args: [...args, ...fakeDevice] } });

test('listens to the microphone until it is stopped', async ({ page, siteUrl }) => {
  await page.goto(siteUrl);
  await page.getByLabel('Example').selectOption('live-voice');
  await expect(page.getByRole('status')).toHaveText('live-voice is ready.');
  await page.getByRole('button', { name: 'Run with the microphone' }).click();
  await expect(page.locator('#results h3')).toHaveText(/Newest of \d{2,} items of vad/);
  await expect(page.locator('pre.output')).toContainText('"is_speech": true');
  await expect(page.locator('pre.output')).toContainText('"is_speech": false');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('status')).toHaveText('Done.');
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeEnabled();

  // What was stopped leaves a page that works.
  await page.getByLabel('Example').selectOption('calculator');
  await expect(page.getByRole('status')).toHaveText('calculator is ready.');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('pre.output')).toContainText('20');
});
