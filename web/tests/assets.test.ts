/** Where the library looks for its files. */
import { afterEach, expect, test, vi } from 'vitest';
import { resolveAssets } from '../src/assets.js';

afterEach(() => vi.unstubAllGlobals());

/** What differs in a browser: no `process`, and the page has an address. */
function onPage(baseURI: string): void {
  vi.stubGlobal('process', undefined);
  vi.stubGlobal('document', { baseURI });
}

test('beside the page', () => {
  onPage('https://example.com/app/index.html?x=1');
  expect(resolveAssets()).toEqual({
    wasm: 'https://example.com/app/remotemedia/runtime.wasm',
    pyodide: 'https://example.com/app/remotemedia/pyodide/',
    sandbox: 'https://example.com/app/remotemedia/sandbox.js',
    worker: undefined,
    worklet: undefined,
  });
});

test('folders need no slash at the end, and what is relative counts from the page', () => {
  onPage('https://example.com/app/');
  const urls = {
    base: '/files',
    pyodide: new URL('https://cdn.example/py'),
    worker: 'w.js',
    worklet: '../c.js',
  };
  expect(resolveAssets(urls)).toEqual({
    wasm: 'https://example.com/files/runtime.wasm',
    pyodide: 'https://cdn.example/py/',
    sandbox: 'https://example.com/files/sandbox.js',
    worker: 'https://example.com/app/w.js',
    worklet: 'https://example.com/c.js',
  });
  expect(resolveAssets({ base: 'files', wasm: 'r.wasm', sandbox: 's.js' })).toMatchObject({
    wasm: 'https://example.com/app/r.wasm',
    sandbox: 'https://example.com/app/s.js',
    pyodide: 'https://example.com/app/files/pyodide/',
  });
});

test('in a worker of the page, where it was loaded from', () => {
  onPage('');
  vi.stubGlobal('document', undefined);
  vi.stubGlobal('location', { href: 'https://example.com/workers/own.js' });
  expect(resolveAssets().wasm).toBe('https://example.com/workers/remotemedia/runtime.wasm');
});

test('in Node.js, beside the library', () => {
  const library = new URL('../src/assets.ts', import.meta.url);
  expect(resolveAssets().wasm).toBe(new URL('../remotemedia/runtime.wasm', library).href);
});
