/** The demo page as a person uses it: by mouse, by keyboard, with good and bad bundles. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, test } from './site.js';

const bundle = (name: string) => `dist/bundles/${name}.rmpkg`;

async function open(page: Page, siteUrl: string): Promise<void> {
  await page.goto(siteUrl);
  await expect(page.getByRole('status')).toHaveText(/is ready/);
}

async function run(page: Page, input: string): Promise<void> {
  await page.getByLabel('Items, as JSON').fill(input);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
}

/** What the page shows as output of its only sink. */
async function output(page: Page): Promise<unknown> {
  await expect(page.getByRole('status')).toHaveText('Done.');
  return JSON.parse((await page.locator('pre.output').textContent()) ?? '');
}

/** Puts a file where a drag from the desktop would. */
async function drop(page: Page, name: string, content: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ name, bytes }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(bytes)], name));
      return transfer;
    },
    { name, bytes: [...content] },
  );
  await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
}

test('runs an example, and says where its nodes ran', async ({ page, siteUrl }) => {
  await open(page, siteUrl);
  await page.getByLabel('Example').selectOption('mixed');
  await expect(page.getByRole('status')).toHaveText('mixed is ready.');
  await run(page, '[5, 7, 10]');
  const items = (await output(page)) as { original_text: string }[];
  expect(items.map((item) => item.original_text)).toEqual(['15', '21', '30']);
  const rows = await page.locator('tbody tr').allTextContents();
  expect(rows.some((row) => row.includes('MultiplyNode') && row.includes('rust'))).toBe(true);
  expect(rows.some((row) => row.includes('TextProcessorNode') && row.includes('python'))).toBe(true);
});

test('works by keyboard alone', async ({ page, siteUrl }) => {
  await open(page, siteUrl);
  await page.getByLabel('Items, as JSON').focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('[0, -5, 100]');
  await page.keyboard.press('Control+Enter');
  expect(await output(page)).toEqual([10, 0, 210]);
  await expect(page.locator('#results')).toBeFocused();
});

test('takes a dropped bundle', async ({ page, siteUrl }) => {
  await open(page, siteUrl);
  await drop(page, 'mine.rmpkg', readFileSync(bundle('calculator')));
  await expect(page.getByRole('status')).toHaveText('mine.rmpkg is ready.');
  await run(page, '[5]');
  expect(await output(page)).toEqual([20]);
});

test('runs recorded speech, and a WAV file of the user', async ({ page, siteUrl }) => {
  await open(page, siteUrl);
  await page.getByLabel('Example').selectOption('voice-gate');
  await expect(page.getByRole('status')).toHaveText('voice-gate is ready.');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  const [fromExample] = (await output(page)) as { start_s: number; end_s: number }[][];
  expect(fromExample?.length).toBeGreaterThan(0);

  const wav = 'packages/pipelines/voice-gate/data/sense_and_sensibility_01_austen_64kb-0880.wav';
  await page.getByLabel('or a WAV file').setInputFiles(wav);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('pre.output')).toContainText('2.76');
  const [fromFile] = (await output(page)) as { start_s: number; end_s: number }[][];
  expect(fromFile?.at(-1)?.end_s).toBeGreaterThan(2);
});

test('shows a spectrogram as a picture', async ({ page, siteUrl }) => {
  await open(page, siteUrl);
  await page.getByLabel('Example').selectOption('spectrogram');
  await expect(page.getByRole('status')).toHaveText('spectrogram is ready.');
  await expect(page.getByLabel('Recording').locator('option')).toHaveText([/^sweep\.wav$/, /0880\.wav$/]);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  const picture = page.getByRole('img', {
    name: /^spectrogram: 129 rows × 24 columns, from -100 \(dark\) to 30$/,
  });
  await expect(picture).toBeVisible();
  // The tone rises, so the lightest row of a column moves up.
  const lightest = await picture.evaluate((canvas: HTMLCanvasElement) => {
    const { data, width, height } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(
      0,
      0,
      24,
      129,
    );
    const brightness = (row: number, column: number) =>
      [0, 1, 2].reduce((sum, at) => sum + (data[(row * width + column) * 4 + at] ?? 0), 0);
    const rows = [...Array(height).keys()];
    return [1, 8, 16, 23].map((column) =>
      rows.reduce((best, row) => (brightness(row, column) > brightness(best, column) ? row : best)),
    );
  });
  expect(lightest).toEqual([124, 118, 97, 44]);
});

test('shows levels as meters', async ({ page, siteUrl }) => {
  await open(page, siteUrl);
  await page.getByLabel('Example').selectOption('level-meter');
  await expect(page.getByRole('status')).toHaveText('level-meter is ready.');
  await run(page, '{"data": [1, 0, 1, 0], "sample_rate": 8000, "channels": 2}');
  await expect(page.getByRole('meter')).toHaveCount(2);
  await expect(page.getByRole('meter', { name: 'Channel 1: 0.0 dB, peak 0.0 dB' })).toHaveJSProperty(
    'value',
    0,
  );
  await expect(page.getByRole('meter', { name: 'Channel 2: -60.0 dB' })).toHaveJSProperty('value', -60);
});

test('stops a Python node that does not end, and runs again', async ({ page, siteUrl }) => {
  await open(page, siteUrl);
  // So that Python is there and the loop begins at once.
  await page.getByLabel('Example').selectOption('text-processor');
  await expect(page.getByRole('status')).toHaveText('text-processor is ready.');
  await run(page, '["a"]');
  await output(page);
  await page.getByLabel('choose or drop a bundle').setInputFiles('.cache/e2e/endless.rmpkg');
  await expect(page.getByRole('status')).toHaveText('endless.rmpkg is ready.');
  await run(page, '[1]');
  await expect(page.getByRole('status')).toHaveText('Running …');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('alert').getByText('CancelledError')).toBeVisible();

  await page.getByLabel('Example').selectOption('calculator');
  await expect(page.getByRole('status')).toHaveText('calculator is ready.');
  await run(page, '[5, 7, 3]');
  expect(await output(page)).toEqual([20, 24, 16]);
});

test('a truncated bundle says why it is refused', async ({ page, siteUrl }) => {
  await open(page, siteUrl);
  const whole = readFileSync(bundle('calculator'));
  await drop(page, 'half.rmpkg', whole.subarray(0, whole.length / 2));
  await expect(page.getByRole('alert').getByText('PackageError')).toBeVisible();
});

test('a raising node shows class, node, item and traceback', async ({ page, siteUrl }) => {
  await open(page, siteUrl);
  await page.getByLabel('choose or drop a bundle').setInputFiles('.cache/e2e/raising.rmpkg');
  await expect(page.getByRole('status')).toHaveText('raising.rmpkg is ready.');
  await run(page, '[1, "text"]');
  const alert = page.getByRole('alert');
  await expect(alert.getByRole('heading')).toHaveText('NodeError (node_error)');
  await expect(alert).toContainText('Node up (DataTransformNode, python), item 1');
  await expect(alert).toContainText('data_transform.py');

  await run(page, '[1, 2]');
  expect(await output(page)).toEqual([2, 3]);
});

test('wrong JSON is said beside the field', async ({ page, siteUrl }) => {
  await open(page, siteUrl);
  await page.getByLabel('Items, as JSON').fill('[1,');
  await expect(page.locator('#input-error')).toBeVisible();
});
