/** Forms of params on the demo page: made from schemas, of built-in nodes and of a bundle's own, and heeded by the run. */
import type { Locator, Page } from '@playwright/test';
import { bundleFile, entry } from '../../web/tests/bundles.js';
import { chain } from '../../web/tests/chains.js';
import { chooseExample, openBundle, openDemo, outputOf, runDemo } from './demo-page.js';
import { expect, test } from './site.js';

/** The form of a node, opened. */
async function formOf(page: Page, id: string): Promise<Locator> {
  const form = page.getByRole('listitem').filter({ has: page.getByText(`Params of ${id}`) });
  await form.getByText(`Params of ${id}`).click();
  return form;
}

test('a changed param changes the run, and the others stay', async ({ page, siteUrl }) => {
  await openDemo(page, siteUrl);
  const form = await formOf(page, 'multiply');
  const factor = form.getByLabel('factor');
  await expect(factor).toHaveValue('2');
  await expect(factor).toHaveAccessibleDescription('What to multiply by. Default 2.');
  await factor.fill('3');
  await runDemo(page, '[5]');
  expect(await outputOf(page)).toEqual([25]);
  await factor.fill('');
  await runDemo(page);
  expect(await outputOf(page)).toEqual([20]);
});

test('every kind of field, from the catalog of a bundle', async ({ page, siteUrl }) => {
  const properties = {
    gain: {
      type: 'number',
      default: 0.5,
      exclusiveMinimum: 0,
      maximum: 2,
      unit: 'dB',
      description: 'How loud.',
    },
    count: { type: 'integer', minimum: 1 },
    word: { type: 'string', default: 'a' },
    loud: { type: 'boolean', default: true },
    mode: { type: 'string', enum: ['slow', 'fast'], default: 'slow' },
    size: { type: 'integer', enum: [256, 512], aliases: ['length'] },
    levels: { type: 'array', items: { type: 'number' }, default: [1] },
  };
  const params = { type: 'object', additionalProperties: false, required: [], properties };
  const code = `
from typing import Literal
from remotemedia import Node, Param


class ShowNode(Node):
    gain: float = Param(0.5, doc="How loud.", above=0, maximum=2, unit="dB")
    count: int | None = Param(None, minimum=1)
    word: str = Param("a")
    loud: bool = Param(True)
    mode: Literal["slow", "fast"] = Param("slow")
    size: Literal[256, 512] | None = Param(None, aliases=["length"])
    levels: list[float] = Param([1])

    def process(self, item):
        names = ("gain", "count", "word", "loud", "mode", "size", "levels")
        return {name: getattr(self, name) for name in names}
`;
  const manifest = chain({ node_type: 'ShowNode', params: { length: 256, word: 'b' } });
  const entries = [entry('ShowNode', { module: 'nodes.show', params })];
  await openDemo(page, siteUrl);
  await openBundle(page, 'show.rmpkg', bundleFile(manifest, { entries, files: { 'nodes/show.py': code } }));
  await runDemo(page, '[0]');
  const untouched = { gain: 0.5, count: null, word: 'b', loud: true, mode: 'slow', size: 256, levels: [1] };
  expect(await outputOf(page)).toEqual([untouched]);

  const form = await formOf(page, 'n0');
  const gain = form.getByRole('spinbutton', { name: 'gain (dB)' });
  await expect(gain).toHaveAccessibleDescription('How loud. More than 0, at most 2; default 0.5.');
  await gain.fill('1.25');
  await form.getByRole('spinbutton', { name: 'count' }).fill('7');
  await form.getByRole('textbox', { name: 'word' }).fill('c');
  await form.getByRole('checkbox', { name: 'loud' }).uncheck();
  await form.getByRole('combobox', { name: 'mode' }).selectOption('fast');
  await form.getByRole('combobox', { name: 'size' }).selectOption('512');
  await form.getByRole('textbox', { name: 'levels' }).fill('[2, 3]');
  await runDemo(page);
  expect(await outputOf(page)).toEqual([
    { gain: 1.25, count: 7, word: 'c', loud: false, mode: 'fast', size: 512, levels: [2, 3] },
  ]);

  for (const [field, wrong, problem] of [
    ['gain (dB)', '0', 'Must be more than 0.'],
    ['gain (dB)', '2.5', 'Must be at most 2.'],
    ['count', '1.5', 'Must be a whole number.'],
    ['levels', '[1', 'Must be JSON'],
  ] as const) {
    const control = form.getByLabel(field, { exact: true });
    const before = await control.inputValue();
    await control.fill(wrong);
    await expect(control).toHaveAttribute('aria-invalid', 'true');
    await expect(form.getByRole('alert')).toContainText(problem);
    await form.getByText('Params of n0').click();
    await runDemo(page);
    await expect(page.getByRole('status')).toHaveText(/^Not run: n0\.\w+ is wrong\.$/);
    await expect(control).toBeFocused();
    await control.fill(before);
    await expect(form.getByRole('alert')).toHaveCount(0);
  }
});

test('params of a Rust node that a bundle brings', async ({ page, siteUrl }) => {
  await openDemo(page, siteUrl);
  await chooseExample(page, 'soft-clip');
  await runDemo(page);
  const [before] = (await outputOf(page)) as unknown[];
  const form = await formOf(page, 'warm');
  await form.getByRole('spinbutton', { name: 'drive_db (dB)' }).fill('-6');
  await runDemo(page);
  await expect(page.locator('pre.output')).not.toHaveText(JSON.stringify([before], null, 2));
  await outputOf(page);

  // What only the engine knows to be wrong, it tells with the place.
  await form.getByRole('textbox', { name: 'curve' }).fill('assets/none.txt');
  await runDemo(page);
  await expect(page.locator('#failure')).toContainText('Node warm (SoftClipNode, rust)');
});
