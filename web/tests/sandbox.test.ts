/** The parts of the sandbox that need no browser; the rest is in tests/e2e/sandbox*.spec.ts. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { resolveAssets } from '../src/assets.js';
import { frameDocument, frameScript, frameScriptHash } from '../src/sandbox/frame.js';
import type { FromShelf } from '../src/sandbox/messages.js';
import { Shelf } from '../src/sandbox/shelf.js';
import { startSandbox } from '../src/worker/sandbox.js';
import { root } from './vectors.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

test('the policy names the script by its hash, and so does the documentation', () => {
  const hash = `sha256-${createHash('sha256').update(frameScript).digest('base64')}`;
  expect(frameScriptHash).toBe(hash);
  expect(readFileSync(`${root}docs/security.md`, 'utf8')).toContain(hash);
  expect(frameDocument([])).toContain(`<script>${frameScript}</script>`);
});

test('the policy lets out what was granted and nothing else', () => {
  const policy = (network: string[]) => /content="([^"]*)"/.exec(frameDocument(network))?.[1];
  const sealed = `default-src 'none'; script-src '${frameScriptHash}' 'wasm-unsafe-eval'; worker-src blob:`;
  expect(policy([])).toBe(sealed);
  expect(policy(['https://a.example', 'http://localhost:8000'])).toBe(
    `${sealed}; connect-src https://a.example http://localhost:8000`,
  );
});

test.each([
  '*',
  "'self'",
  'https://a.example; script-src *',
  'https://a.example"><script>',
  'https://*.example',
  '',
  'data:',
])('the policy takes no other origin than %j', (entry) => {
  expect(() => frameDocument([entry])).toThrow(expect.objectContaining({ code: 'bad_capability' }));
});

test('there is no sandbox without a document', () => {
  const assets = { wasm: 'http://localhost/runtime.wasm', pyodide: 'http://localhost/pyodide/' };
  const start = () =>
    startSandbox({ message() {}, dead() {} }, { assets, script: 'http://localhost/sandbox.js', network: [] });
  expect(start).toThrow(expect.objectContaining({ name: 'CapabilityError', code: 'untrusted_code' }));
});

test('the script lies beside the runtime, or where it is said to', () => {
  expect(resolveAssets({ base: 'https://a.example/assets' }).sandbox).toBe(
    'https://a.example/assets/sandbox.js',
  );
  expect(resolveAssets({ sandbox: 'https://b.example/x.js' }).sandbox).toBe('https://b.example/x.js');
});

/** A folder of files that counts its requests, and what a sandbox gets when it asks for one of them. */
async function shelfOf(files: Record<string, string>) {
  const requests: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    requests.push(url);
    const content = files[url];
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closing.push(() => server.close().closeAllConnections());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const shelf = new Shelf({ wasm: `${base}/runtime.wasm`, pyodide: `${base}/pyodide/` });
  const { port1, port2 } = new MessageChannel();
  closing.push(() => port1.close());
  shelf.serve(port1, () => {});
  const ask = (url: string) =>
    new Promise<string>((resolve) => {
      port2.onmessage = async ({ data }: MessageEvent<FromShelf>) =>
        resolve('content' in data ? await data.content.text() : `problem: ${data.problem}`);
      port2.postMessage({ type: 'fetch', url });
    });
  return { requests, base, ask };
}

const lock = (sha256: string) => JSON.stringify({ packages: { numpy: { file_name: 'numpy.whl', sha256 } } });
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

test('the page hands out the files of the runtimes, each fetched once, and nothing else', async () => {
  const { requests, base, ask } = await shelfOf({
    '/runtime.wasm': 'rust',
    '/pyodide/pyodide.asm.wasm': 'python',
    '/pyodide/python_stdlib.zip': 'library',
    '/pyodide/pyodide-lock.json': lock(hashOf('arrays')),
    '/pyodide/numpy.whl': 'arrays',
    '/pyodide/secret': 'secret',
  });
  expect(await ask(`${base}/runtime.wasm`)).toBe('rust');
  expect(await ask(`${base}/pyodide/pyodide.asm.wasm`)).toBe('python');
  expect(await ask(`${base}/pyodide/python_stdlib.zip`)).toBe('library');
  expect(requests).not.toContain('/pyodide/numpy.whl'); // before it is asked for
  expect(await ask(`${base}/pyodide/numpy.whl`)).toBe('arrays');
  expect(await ask(`${base}/pyodide/numpy.whl`)).toBe('arrays');
  for (const url of ['/pyodide/secret', '/pyodide/numpy.whl?told', '/runtime.wasm#told', '/pyodide/../told'])
    expect(await ask(base + url)).toBe(`problem: ${base}${url} is no file of the runtimes`);
  expect(requests.sort()).toEqual([
    '/pyodide/numpy.whl',
    '/pyodide/pyodide-lock.json',
    '/pyodide/pyodide.asm.wasm',
    '/pyodide/python_stdlib.zip',
    '/runtime.wasm',
  ]);
});

test('what could not be fetched is fetched again', async () => {
  const files: Record<string, string> = {};
  const { base, ask } = await shelfOf(files);
  expect(await ask(`${base}/runtime.wasm`)).toContain('HTTP status 404');
  expect(await ask(`${base}/pyodide/numpy.whl`)).toContain('HTTP status 404');
  files['/runtime.wasm'] = 'rust';
  files['/pyodide/pyodide-lock.json'] = lock(hashOf('arrays'));
  files['/pyodide/numpy.whl'] = 'arrays';
  expect(await ask(`${base}/runtime.wasm`)).toBe('rust');
  expect(await ask(`${base}/pyodide/numpy.whl`)).toBe('arrays');
});

test('a wheel of another hash is refused', async () => {
  const { base, ask } = await shelfOf({
    '/pyodide/pyodide-lock.json': lock(hashOf('arrays')),
    '/pyodide/numpy.whl': 'other',
  });
  expect(await ask(`${base}/pyodide/numpy.whl`)).toMatch(/^problem: /);
});
