/** Bundles of strangers on the demo page: what is shown of them before they run, where they run, which are refused. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Manifest } from '../../web/src/manifest.js';
import { bundleFile, entry } from '../../web/tests/bundles.js';
import { chain } from '../../web/tests/chains.js';
import { hashOf } from '../hostile/case.js';
import { zip } from '../hostile/zip.js';
import {
  chooseExample,
  fact,
  openBundle,
  openDemo,
  outputOf,
  requestsOf,
  runDemo,
  sandboxes,
} from './demo-page.js';
import { expect, test } from './site.js';

/** A bundle signed with a key made for it, and that key. */
function signed(name: string, bytes: Uint8Array): { bytes: Buffer; publicKey: string } {
  const folder = `.cache/e2e-demo/${name}`;
  mkdirSync(folder, { recursive: true });
  const [file, key] = [`${folder}/bundle.rmpkg`, `${folder}/${process.pid}-${Date.now()}.key`];
  writeFileSync(file, bytes);
  const args = ['-m', 'remotemedia.cli', 'sign', file, '--key', key, '--new-key'];
  execFileSync('.venv/bin/python', args, { stdio: 'pipe' });
  return { bytes: readFileSync(file), publicKey: readFileSync(`${key}.pub`, 'utf8').trim() };
}

test('an unsigned bundle with Python of its own is described first, then runs in the sandbox', async ({
  page,
  siteUrl,
}) => {
  await openDemo(page, siteUrl);
  const requests = requestsOf(page);
  const manifest = {
    ...chain({ node_type: 'AddNode' }, { node_type: 'MeanNode' }),
    metadata: { name: 'means', version: '2.1.0', author: 'A. Stranger', license: 'MIT' },
  };
  await openBundle(page, 'means.rmpkg', bundleFile(manifest));
  const about = page.getByRole('region', { name: 'What the bundle is and may do' });
  await expect(about).toBeFocused();
  await expect(about.getByRole('heading', { level: 3 })).toHaveText('means');
  await expect(fact(page, 'Version')).toHaveText('2.1.0');
  await expect(fact(page, 'Author')).toHaveText('A. Stranger');
  await expect(fact(page, 'Licence')).toHaveText('MIT');
  await expect(fact(page, 'Trust')).toHaveText('Unsigned: nobody answers for it.');
  await expect(fact(page, 'May do')).toHaveText('Computes only. It asks for nothing else.');
  await expect(fact(page, 'Runs')).toContainText('In a sandbox');
  await expect(fact(page, 'Downloads')).toHaveText(
    /Rust runtime \(\d+ kB\), Pyodide in the sandbox \(\d\.\d MB\), numpy \(\d\.\d MB\)/,
  );
  const nodes = about.getByRole('listitem');
  await expect(nodes.first()).toContainText('n0: AddNode Rust, built inAdds a number to numbers.');
  await expect(nodes.nth(1)).toContainText("n1: MeanNode Python, the bundle's own code");
  expect(requests.filter((url) => /pyodide|sandbox/.test(url))).toEqual([]);
  await expect(sandboxes(page)).toHaveCount(0);

  await runDemo(page, '[[1, 2, 6]]');
  expect(await outputOf(page)).toEqual([3]);
  await expect(sandboxes(page)).toHaveCount(1);
  await expect(page.getByRole('row', { name: /MeanNode python/ })).toBeVisible();
  expect(requests.filter((url) => !url.startsWith(siteUrl) && !/^(blob|data|about):/.test(url))).toEqual([]);
});

test('signatures are told in words, and a key that the page trusts needs no sandbox', async ({
  page,
  siteUrl,
}) => {
  const { bytes, publicKey } = signed('clamp', bundleFileWithHashes());
  await openDemo(page, siteUrl);
  await openBundle(page, 'clamp.rmpkg', bytes);
  await expect(fact(page, 'Trust')).toHaveText(
    /^Signed by a key that this page does not know: [0-9a-f]{16}\.$/,
  );
  await expect(fact(page, 'Runs')).toContainText('In a sandbox');

  // The same site of somebody who trusts the key.
  await page.route(siteUrl, async (route) => {
    const response = await route.fetch();
    const html = (await response.text()).replace(
      '<meta name="trusted-keys" content=""',
      `<meta name="trusted-keys" content="other ${publicKey}"`,
    );
    await route.fulfill({ response, body: html });
  });
  await openDemo(page, siteUrl);
  await openBundle(page, 'clamp.rmpkg', bytes);
  await expect(fact(page, 'Trust')).toHaveText(/^Signed by a key that this page trusts: [0-9a-f]{16}\.$/);
  await expect(fact(page, 'Runs')).toContainText('In a worker of this page');
  await runDemo(page, '[-1, 7]');
  expect(await outputOf(page)).toEqual([0, 1]);
  await expect(sandboxes(page)).toHaveCount(0);
});

/** A bundle as packing makes it, with `integrity.json`, which a signature needs. */
function bundleFileWithHashes(): Uint8Array {
  const folder = '.cache/e2e-demo/clamp-sources';
  mkdirSync(`${folder}/nodes`, { recursive: true });
  writeFileSync(`${folder}/manifest.json`, JSON.stringify(chain({ node_type: 'ClampNode' })));
  const source = [
    'from remotemedia import Node',
    '',
    '',
    'class ClampNode(Node):',
    '    def process(self, item):',
  ];
  writeFileSync(`${folder}/nodes/clamp.py`, `${source.join('\n')}\n        return min(1, max(0, item))\n`);
  const args = ['-m', 'remotemedia.cli', 'pack', folder, '-o', `${folder}.rmpkg`];
  execFileSync('.venv/bin/python', args, { stdio: 'pipe' });
  return readFileSync(`${folder}.rmpkg`);
}

for (const [code, path, bytes] of [
  ['hash_mismatch', 'nodes/kit.py', tampered()],
  ['bad_capability', 'manifest.json', bundleFile(chain({}), { network: ['https://*.example.com'] })],
] as const) {
  test(`a bundle is refused with ${code} and the entry, and nothing is left to run`, async ({
    page,
    siteUrl,
  }) => {
    await openDemo(page, siteUrl);
    await openBundle(page, 'bad.rmpkg', bytes);
    await expect(page.getByRole('status')).toHaveText('Refused.');
    const refusal = page.getByRole('alert');
    await expect(refusal).toBeFocused();
    await expect(refusal).toContainText('bad.rmpkg was refused. Nothing of it has run.');
    await expect(refusal.getByRole('heading')).toHaveText(`PackageError (${code})`);
    await expect(refusal.getByText(`Entry ${path}`)).toBeVisible();
    await expect(page.locator('#bundle')).toBeEmpty();
    await runDemo(page, '[1]');
    await expect(page.getByRole('status')).toHaveText('Not run: open a bundle first.');

    await chooseExample(page, 'calculator');
    await expect(page.getByRole('alert')).toHaveCount(0);
    await runDemo(page, '[5]');
    expect(await outputOf(page)).toEqual([20]);
  });
}

function tampered(): Uint8Array {
  const manifest = JSON.stringify(chain({}));
  const digest = hashOf(manifest);
  const entries = { 'manifest.json': digest, 'nodes/kit.py': '0'.repeat(64) };
  const hashes = { algorithm: 'sha256', entries };
  return zip([
    { name: 'manifest.json', content: manifest },
    { name: 'nodes/kit.py', content: 'changed' },
    { name: 'integrity.json', content: JSON.stringify(hashes) },
  ]);
}

test('what a bundle says of itself is shown as text of one line, whatever it is', async ({
  page,
  siteUrl,
}) => {
  const problems: Error[] = [];
  page.on('pageerror', (error) => problems.push(error));
  await openDemo(page, siteUrl);
  const markup = '<img src="./missing.png" onerror="document.title = 1">';
  const requests = requestsOf(page);
  const odd = {
    ...chain(...Array.from({ length: 2000 }, () => ({ node_type: markup }))),
    metadata: { name: `${markup}\u202egpj.exe\n\u0000`, version: [1], author: 'a'.repeat(1e5), license: 7 },
  };
  const entries = [
    entry('OddNode', {
      summary: 3 as unknown as string,
      params: { properties: { a: 'x', b: null, c: { type: 5 } } },
    }),
  ];
  await openBundle(page, 'odd.rmpkg', bundleFile(odd as unknown as Manifest, { entries }));
  await expect(page.locator('#bundle h3')).toHaveText(`${markup}gpj.exe`);
  await expect(fact(page, 'Version')).toHaveText('not told');
  await expect(fact(page, 'Author')).toHaveText(/^a{100}…$/);
  await expect(page.locator('.nodes li')).toHaveCount(100);
  await expect(page.getByText('and 1900 more')).toBeVisible();
  await expect(page.locator('.nodes li').first()).toContainText('No such node is known here');

  for (const nodes of [null, {}, [null, 5, [], { id: {}, node_type: 'OddNode', params: [] }]]) {
    const manifest = { ...chain({}), nodes } as unknown as Manifest;
    await openBundle(page, 'odd.rmpkg', bundleFile(manifest, { entries }));
    await expect(page.getByRole('status')).toHaveText('odd.rmpkg is ready.');
    await runDemo(page, '[1]');
    await expect(page.locator('#failure').getByRole('heading')).toHaveText('ManifestError (manifest_error)');
  }
  expect(requests.filter((url) => url.includes('missing.png'))).toEqual([]);
  expect(problems).toEqual([]);
});
