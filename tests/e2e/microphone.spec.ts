/** The demo page with a microphone: Chromium's fake device, which beeps once a second. */
import type { Locator, Page } from '@playwright/test';
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

/** Presses the button; returns what the page says instead of listening. */
async function refusal(page: Page): Promise<Locator> {
  await expect(page.getByRole('status')).toHaveText(/ is ready\.$/);
  await page.getByRole('button', { name: 'Run with the microphone' }).click();
  const alert = page.locator('#failure');
  await expect(alert).not.toBeEmpty();
  await expect(page.getByRole('button', { name: 'Run with the microphone' })).toBeEnabled();
  return alert;
}

for (const [name, message] of [
  ['NotAllowedError', 'Allow it in the browser'],
  ['NotFoundError', 'No microphone was found'],
  ['NotReadableError', 'Another program may be using it'],
  ['OverconstrainedError', 'The microphone cannot be used: OverconstrainedError: the reason'],
] as const) {
  test(`says what to do after ${name}`, async ({ page, siteUrl }) => {
    await page.addInitScript((name) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('the reason', name));
    }, name);
    await page.goto(siteUrl);
    await expect(await refusal(page)).toContainText(message);
  });
}

test('says that microphones need a secure page', async ({ page, siteUrl }) => {
  await page.addInitScript(() => Object.defineProperty(navigator, 'mediaDevices', { value: undefined }));
  await page.goto(siteUrl);
  await expect(await refusal(page)).toContainText('it needs https, or localhost');
});

test('can be stopped while the browser asks, and lets go of a microphone that is allowed too late', async ({
  page,
  siteUrl,
}) => {
  await page.addInitScript(() => {
    const { mediaDevices } = navigator;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
      await new Promise<void>((resolve) => Object.assign(window, { allow: resolve }));
      const media = await ask(constraints);
      Object.assign(window, { track: media.getAudioTracks()[0] });
      return media;
    };
  });
  await page.goto(siteUrl);
  await page.getByLabel('Example').selectOption('live-voice');
  await expect(page.getByRole('status')).toHaveText('live-voice is ready.');
  await page.getByRole('button', { name: 'Run with the microphone' }).click();
  await expect(page.getByRole('status')).toHaveText('Waiting for the microphone …');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('status')).toHaveText('Done.');
  await page.evaluate(() => (window as unknown as { allow(): void }).allow());
  const state = () => (window as unknown as { track?: MediaStreamTrack }).track?.readyState;
  await expect.poll(() => page.evaluate(state)).toBe('ended');
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
