/** The packed npm library in apps of its users: Vite's server and build, webpack, and a page without a bundler. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, type Page, test } from '@playwright/test';
import { serve } from '../../scripts/serve.mjs';
import { addAssets, install, pack, run } from '../packages/install.mjs';

/** As strict as docs/embedding.md says it may be. */
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:";

let archive: string;
test.beforeAll(() => {
  archive = pack();
});

/** Fails with the first thing of a page that goes wrong. */
function watch(page: Page, origin: string): Promise<never> {
  return new Promise((_, fail) => {
    page.on('pageerror', fail);
    page.on('console', (message) => message.type() === 'error' && fail(new Error(message.text())));
    page.on('request', (request) => {
      const { origin: asked } = new URL(request.url());
      if (asked !== origin && asked !== 'null') fail(new Error(`asks for ${request.url()}`));
    });
    page.on('response', (response) => {
      if (response.status() >= 400) fail(new Error(`${response.status()} ${response.url()}`));
    });
  });
}

/** Opens both pages of an app and waits for what they must show. */
async function expectWorkingApp(page: Page, url: string): Promise<void> {
  const trouble = watch(page, new URL(url).origin);
  await Promise.race([trouble, expectQuickStart(page, url).then(() => expectChecks(page, url))]);
}

async function expectQuickStart(page: Page, url: string): Promise<void> {
  await page.goto(url);
  const output = page.locator('#output');
  await expect(output).toHaveText(
    'numbers: [20,24,16]\ntick: 10\ntick: 12\ntick: 14\ntext: {"uppercase":"HELLO WASM","word_count":2}\n',
  );
  await page.setInputFiles('#bundle', 'dist/bundles/calculator.rmpkg');
  await expect(output).toContainText('calculator: [20,24,16]');
  await page.setInputFiles('#bundle', {
    name: 'no.rmpkg',
    mimeType: 'application/zip',
    buffer: Buffer.from('no bundle'),
  });
  await expect(output).toContainText('PackageError: ');
}

async function expectChecks(page: Page, url: string): Promise<void> {
  await page.goto(`${url}checks.html`);
  const output = page.locator('#output');
  await expect(output).not.toBeEmpty();
  expect(JSON.parse((await output.textContent()) ?? '')).toEqual({
    numbers: [20, 24, 16],
    results: { uppercase: 'HELLO WASM', word_count: 2 },
    added: [2],
    heard: true,
  });
}

/** Starts Vite in an app; resolves the process and the address that it prints. */
async function startVite(app: string, ...command: string[]): Promise<{ vite: ChildProcess; url: string }> {
  const script = join('node_modules', 'vite', 'bin', 'vite.js');
  const vite = spawn(process.execPath, [script, ...command, '--host', '127.0.0.1'], { cwd: app });
  let printed = '';
  const url = await new Promise<string>((found, fail) => {
    const read = (chunk: Buffer) => {
      printed += stripVTControlCharacters(String(chunk));
      const address = /http:\/\/[\w.]+:\d+\//.exec(printed)?.[0];
      if (address) found(address);
    };
    vite.stdout?.on('data', read);
    vite.stderr?.on('data', read);
    vite.once('exit', (code) => fail(new Error(`vite ended with ${code}: ${printed}`)));
  });
  return { vite, url };
}

async function expectViteToServe(page: Page, app: string, ...command: string[]): Promise<void> {
  const { vite, url } = await startVite(app, ...command);
  try {
    await expectWorkingApp(page, url);
  } finally {
    vite.kill();
    await once(vite, 'close');
  }
}

test('Vite, for development and built', async ({ page, context }) => {
  const app = install('vite', archive);
  addAssets(app, 'public');
  await expectViteToServe(page, app);
  run(process.execPath, [join('node_modules', 'vite', 'bin', 'vite.js'), 'build'], app);
  await expectViteToServe(await context.newPage(), app, 'preview');
});

test('webpack, under a sub-path and a content security policy', async ({ page }) => {
  const app = install('webpack', archive, 'src');
  const said = run(process.execPath, [join('node_modules', 'webpack-cli', 'bin', 'cli.js')], app);
  expect(stripVTControlCharacters(said)).toMatch(/compiled successfully/);
  addAssets(app, 'dist');
  for (const [name, script] of [
    ['index', 'main'],
    ['checks', 'checks'],
  ]) {
    const html = readFileSync(join(app, 'src', `${name}.html`), 'utf8');
    writeFileSync(join(app, 'dist', `${name}.html`), html.replace(`./${script}.js`, `./${script}.mjs`));
  }
  await expectServed(page, join(app, 'dist'), { 'content-security-policy': policy });
});

test('no bundler', async ({ page }) => {
  const app = install('plain', archive, 'site');
  addAssets(app, 'site', '--lib');
  const imports =
    '<script type="importmap">{"imports": {"remotemedia": "./remotemedia/lib/index.js"}}</script>';
  for (const name of ['index', 'checks']) {
    const path = join(app, 'site', `${name}.html`);
    writeFileSync(path, readFileSync(path, 'utf8').replace('<head>', `<head>${imports}`));
  }
  await expectServed(page, join(app, 'site'));
});

async function expectServed(page: Page, folder: string, headers = {}): Promise<void> {
  const server = await serve({ mounts: { '/some/sub/path/': folder }, headers });
  try {
    await expectWorkingApp(page, `${server.url}/some/sub/path/`);
  } finally {
    await server.close();
  }
}
