/** Code of bundles that runs from the demo page: in the sandbox and in the worker, within what was allowed. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bundleFile, entry } from '../../web/tests/bundles.js';
import { chain } from '../../web/tests/chains.js';
import {
  chooseExample,
  fact,
  openBundle,
  openDemo,
  outputOf,
  runButton,
  runDemo,
  sandboxes,
} from './demo-page.js';
import { expect, test } from './site.js';

/** A server elsewhere, which notes what it is asked for. */
async function elsewhere() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(String(request.url));
    response.writeHead(200, { 'access-control-allow-origin': '*' }).end('hello');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, asked, close: () => new Promise((closed) => server.close(closed)) };
}

/** Gives what it finds at the address that it is given. */
const askNode = `
from pyodide.http import pyfetch
from remotemedia import Node


class AskNode(Node):
    async def process(self, item):
        return await (await pyfetch(item)).string()
`;

/** A bundle that asks to reach origins. */
function asking(...network: string[]): Uint8Array {
  const entries = [entry('AskNode', { module: 'nodes.ask' })];
  return bundleFile(chain({ node_type: 'AskNode' }), {
    entries,
    files: { 'nodes/ask.py': askNode },
    network,
  });
}

test('a bundle reaches the origins that were allowed, and does not run before', async ({ page, siteUrl }) => {
  const [wanted, other] = [await elsewhere(), await elsewhere()];
  await openDemo(page, siteUrl);
  await openBundle(page, 'ask.rmpkg', asking(wanted.origin));
  await expect(page.getByRole('status')).toHaveText(`ask.rmpkg asks to reach ${wanted.origin}.`);
  const consent = page.getByRole('group', { name: 'It asks to reach' });
  const box = consent.getByRole('checkbox', { name: `Allow ${wanted.origin}` });
  await expect(box).not.toBeChecked();
  await expect(fact(page, 'Runs')).toContainText('Inside it reaches the origins that you allow');
  await expect(runButton(page)).toHaveAccessibleName('Run');
  await expect(runButton(page)).toHaveAccessibleDescription(
    `It does not run until you allow what it asks for above: ${wanted.origin}.`,
  );

  await runDemo(page, JSON.stringify([`${wanted.origin}/first`]));
  await expect(page.getByRole('status')).toHaveText(`Not run: allow ${wanted.origin} first.`);
  await expect(box).toBeFocused();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(sandboxes(page)).toHaveCount(0);
  expect(wanted.asked).toEqual([]);

  await box.check();
  await expect(runButton(page)).toHaveAccessibleName(`Run and allow ${wanted.origin}`);
  await expect(runButton(page)).toHaveAccessibleDescription(`It may reach ${wanted.origin} in this run.`);
  await runDemo(page);
  expect(await outputOf(page)).toEqual(['hello']);
  expect(wanted.asked).toEqual(['/first']);

  await runDemo(page, JSON.stringify([`${other.origin}/`]));
  await expect(page.locator('#failure').getByRole('heading')).toHaveText('NodeError (node_error)');
  await expect(page.locator('#failure')).toContainText(`may not reach ${other.origin}`);
  expect(other.asked).toEqual([]);

  // Taken back, and what the next bundle is allowed is asked anew.
  await box.uncheck();
  await expect(runButton(page)).toHaveAccessibleName('Run');
  await runDemo(page, JSON.stringify([`${wanted.origin}/second`]));
  await expect(page.getByRole('status')).toHaveText(`Not run: allow ${wanted.origin} first.`);
  await box.check();
  await openBundle(page, 'ask.rmpkg', asking(wanted.origin, other.origin));
  await expect(page.getByRole('checkbox', { checked: true })).toHaveCount(0);
  await page.getByRole('checkbox', { name: `Allow ${wanted.origin}` }).check();
  await runDemo(page);
  await expect(page.getByRole('checkbox', { name: `Allow ${other.origin}` })).toBeFocused();
  await page.keyboard.press('Space');
  await expect(runButton(page)).toHaveAccessibleName(`Run and allow ${wanted.origin} and ${other.origin}`);
  expect(wanted.asked).toEqual(['/first']);
  await wanted.close();
  await other.close();
});

test('examples with code of their own run: Rust in the worker, Python in the sandbox', async ({
  page,
  siteUrl,
}) => {
  await openDemo(page, siteUrl);
  await chooseExample(page, 'soft-clip');
  await expect(fact(page, 'Runs')).toHaveText(
    'In a worker of this page. Its own Rust code sees nothing but the files of the bundle.',
  );
  await runDemo(page);
  await outputOf(page);
  await expect(page.getByRole('row', { name: /SoftClipNode rust/ })).toBeVisible();
  await expect(sandboxes(page)).toHaveCount(0);

  await chooseExample(page, 'tuner');
  await expect(page.locator('#bundle')).not.toBeFocused();
  await expect(fact(page, 'Runs')).toContainText('In a sandbox');
  await runDemo(page);
  expect(await outputOf(page)).toMatchObject([{ string: 'A2' }, { string: 'G3' }]);
  await expect(sandboxes(page)).toHaveCount(1);
});

test('stop, errors and progress are the same in the sandbox', async ({ page, siteUrl }) => {
  await openDemo(page, siteUrl);
  await page.evaluate(() => {
    const said: string[] = [];
    Object.assign(window, { said });
    const status = document.getElementById('status') as HTMLElement;
    new MutationObserver(() => said.push(status.textContent ?? '')).observe(status, { childList: true });
  });
  await openBundle(page, 'loop.rmpkg', bundleFile(chain({ node_type: 'LoopNode' })));
  await runDemo(page, '[1]');
  expect(await outputOf(page)).toEqual([1]);
  const said = await page.evaluate(() => (window as unknown as { said: string[] }).said);
  expect(said).toEqual(expect.arrayContaining(['Loading Python …', 'Running …', 'Done.']));

  await runDemo(page, '["loop"]');
  await expect(page.getByRole('status')).toHaveText('Running …');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.locator('#failure').getByRole('heading')).toHaveText('CancelledError (cancelled)');
  await runDemo(page, '[2]');
  expect(await outputOf(page)).toEqual([2]);

  await openBundle(page, 'raise.rmpkg', bundleFile(chain({ node_type: 'RaiseNode' })));
  await runDemo(page, '[1]');
  await expect(page.locator('#failure')).toContainText('Node n0 (RaiseNode, python), item 0');
  await expect(page.locator('#failure')).toContainText('nodes/kit.py", line 92, in process');
});
