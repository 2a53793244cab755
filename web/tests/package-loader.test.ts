import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { zip } from '../../tests/hostile/zip.js';
import { PackageLoader } from '../src/package-loader.js';

const manifest = {
  name: 'manifest.json',
  content: '{"version":"v1","nodes":[{"id":"a","node_type":"EchoNode"}]}',
};
const bundle = zip([manifest, { name: 'assets/text.txt', content: 'hello' }]);

function load(...args: Parameters<typeof PackageLoader.loadFromFile>) {
  return PackageLoader.loadFromFile(...args);
}

async function codeOf(promise: Promise<unknown>): Promise<string | null> {
  return promise.then(
    () => null,
    (error: { name: string; code: string }) => `${error.name} ${error.code}`,
  );
}

describe('sources', () => {
  test('bytes, Blob and File give the same', async () => {
    const sources = [bundle, bundle.buffer, new Blob([bundle]), new File([bundle], 'x.rmpkg')];
    for (const source of sources) {
      const { manifest: found, files, size, trust, wasmBinary, warnings } = await load(source);
      expect(found.nodes[0]?.id).toBe('a');
      expect(new TextDecoder().decode(files.get('assets/text.txt'))).toBe('hello');
      expect({ size, trust, wasmBinary, warnings }).toEqual({
        size: bundle.length,
        trust: 'unsigned',
        wasmBinary: null,
        warnings: [],
      });
    }
  });

  test('a bundle of the earlier system says that its module is not used', async () => {
    const wasm = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    const loaded = await load(zip([manifest, { name: 'runtime.wasm', content: wasm }]));
    expect(loaded.wasmBinary).toEqual(wasm.buffer);
    expect(loaded.warnings.map(({ code }) => code)).toEqual(['own_runtime']);
  });

  test.each([true, false])('a file: URL in Node.js gives the same, stored: %s', async (stored) => {
    const wasm = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    const folder = await mkdtemp(join(tmpdir(), 'rmpkg-'));
    try {
      const file = join(folder, 'a.rmpkg');
      await writeFile(file, zip([manifest, { name: 'runtime.wasm', content: wasm, stored }]));
      const loaded = await load(pathToFileURL(file));
      expect(loaded.wasmBinary).toEqual(wasm.buffer);
      expect(loaded.files.get('runtime.wasm')).toEqual(wasm);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('limits can be set', async () => {
    expect(await codeOf(load(bundle, { limits: { fileBytes: 50 } }))).toBe('PackageError too_large');
    expect(await codeOf(load(new Blob([bundle]), { limits: { fileBytes: 50 } }))).toBe(
      'PackageError too_large',
    );
    expect(await codeOf(load(bundle, { limits: { entries: 1 } }))).toBe('PackageError too_many_entries');
    expect(await codeOf(load(bundle, { limits: { inflatedBytes: 10 } }))).toBe('PackageError bomb');
  });
});

describe('downloads', () => {
  async function withServer(run: (url: URL) => Promise<void>): Promise<void> {
    const server = createServer((request, response) => {
      if (request.url === '/missing') response.writeHead(404).end();
      else if (request.url === '/endless') response.writeHead(200).write(bundle);
      else if (request.url === '/cut') {
        response.writeHead(200, { 'content-length': bundle.length + 1 }).write(bundle);
        setTimeout(() => response.destroy(), 50);
      } else if (request.url === '/chunked') response.writeHead(200).end(bundle);
      else response.writeHead(200, { 'content-length': bundle.length }).end(bundle);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await run(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test('report progress, with the total where it is known', () =>
    withServer(async (url) => {
      for (const [path, total] of [
        ['bundle', bundle.length],
        ['chunked', null],
      ] as const) {
        const seen: unknown[] = [];
        await load(new URL(path, url), { onProgress: (progress) => seen.push(progress) });
        expect(seen.at(-1)).toEqual({ phase: 'download', loaded: bundle.length, total });
      }
    }));

  test('fail with what happened', () =>
    withServer(async (url) => {
      expect(await codeOf(load(new URL('missing', url)))).toBe('PackageError download_failed');
      const limits = { fileBytes: 20 };
      expect(await codeOf(load(new URL('bundle', url), { limits }))).toBe('PackageError too_large');
      expect(await codeOf(load(new URL('endless', url), { limits }))).toBe('PackageError too_large');
      expect(await codeOf(load(new URL('cut', url)))).toBe('PackageError download_failed');
      expect(await codeOf(load(new URL('http://127.0.0.1:1/')))).toBe('PackageError download_failed');
    }));

  test('can be aborted', () =>
    withServer(async (url) => {
      const control = new AbortController();
      const loading = load(new URL('endless', url), {
        signal: control.signal,
        onProgress: () => control.abort(),
      });
      expect(await codeOf(loading)).toBe('CancelledError cancelled');
      expect(await codeOf(load(bundle, { signal: control.signal }))).toBe('CancelledError cancelled');
    }));
});
