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

test('shows the level of the microphone', async ({ page, siteUrl }) => {
  await page.goto(siteUrl);
  await page.getByLabel('Example').selectOption('level-meter');
  await expect(page.getByRole('status')).toHaveText('level-meter is ready.');
  await page.getByRole('button', { name: 'Run with the microphone' }).click();
  // Beeps, and between them nothing.
  await expect(page.getByRole('meter')).toHaveAccessibleName(/^Channel 1: -\d{1,2}\.\d dB, peak -[0-3]?\d\./);
  await expect(page.getByRole('meter')).toHaveAccessibleName('Channel 1: -60.0 dB, peak -60.0 dB');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('status')).toHaveText('Done.');
});
