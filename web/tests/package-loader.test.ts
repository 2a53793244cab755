import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { hashOf } from '../../tests/hostile/case.js';
import { cases } from '../../tests/hostile/corpus.js';
import { signer } from '../../tests/hostile/signatures.js';
import { zip } from '../../tests/hostile/zip.js';
import { sha256Bytes } from '../src/package/sha256.js';
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

  test('says what the bundle is', async () => {
    const { id, keyId, catalog, capabilities } = await load(bundle);
    expect(id).toBe(hashOf(bundle));
    expect({ keyId, catalog, capabilities }).toEqual({
      keyId: null,
      catalog: null,
      capabilities: { network: [] },
    });
    expect(PackageLoader.load).toBe(PackageLoader.loadFromFile);
  });

  test('given bytes stay as they are, also a view of more and shared ones', async () => {
    const larger = new Uint8Array(bundle.length + 20).fill(7);
    larger.set(bundle, 10);
    const view = larger.subarray(10, 10 + bundle.length);
    const shared = new Uint8Array(new SharedArrayBuffer(bundle.length));
    shared.set(bundle);
    for (const source of [view, shared, Buffer.from(bundle)]) {
      expect((await load(source)).id).toBe(hashOf(bundle));
      expect(hashOf(source)).toBe(hashOf(bundle));
    }
    expect(larger.subarray(0, 10)).toEqual(new Uint8Array(10).fill(7));
  });

  test('the hash that the file must have', async () => {
    const hash = hashOf(bundle);
    expect((await load(bundle, { sha256: hash })).id).toBe(hash);
    expect((await load(bundle, { sha256: hash.toUpperCase() })).id).toBe(hash);
    expect(await codeOf(load(bundle, { sha256: hash.replace(/^./, 'x') }))).toBe(
      'PackageError hash_mismatch',
    );
    // It comes before everything else that could be said of the file.
    expect(await codeOf(load(new Uint8Array(3), { sha256: hash }))).toBe('PackageError hash_mismatch');
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

describe('hosts without WebCrypto, or with less of it', () => {
  async function signedCase(): Promise<Uint8Array<ArrayBuffer>> {
    const found = cases.find(({ name }) => name === 'signed by a trusted key');
    if (!found) throw new Error('no such case');
    return found.bytes();
  }

  async function judged(bytes: Uint8Array<ArrayBuffer>, options: object): Promise<unknown> {
    const loaded = await load(bytes, options);
    return [loaded.id === hashOf(bytes), loaded.trust, loaded.warnings.map(({ code }) => code)];
  }

  test('an insecure page checks hashes, but cannot tell whose signature it is', async () => {
    const bytes = await signedCase();
    const trustedKeys = [(await signer(1)).publicKey];
    const tampered = cases.find(({ name }) => name === 'integrity: tampered file');
    const broken = (await tampered?.bytes()) ?? new Uint8Array();
    vi.stubGlobal('crypto', {});
    try {
      expect(await judged(bytes, { trustedKeys })).toEqual([true, 'unknown-key', ['unverified_signature']]);
      expect(await codeOf(judged(bytes, { trustedKeys, requireSignature: true }))).toBe(
        'PackageError signature_required',
      );
      expect(await codeOf(load(broken))).toBe('PackageError hash_mismatch');
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('neither can a browser without Ed25519', async () => {
    const bytes = await signedCase();
    const trustedKeys = [(await signer(1)).publicKey];
    const unknown = () => Promise.reject(new DOMException('no Ed25519', 'NotSupportedError'));
    const spy = vi.spyOn(crypto.subtle, 'importKey').mockImplementation(unknown);
    try {
      expect(await judged(bytes, { trustedKeys })).toEqual([true, 'unknown-key', ['unverified_signature']]);
    } finally {
      spy.mockRestore();
    }
    expect(await judged(bytes, { trustedKeys })).toEqual([true, 'trusted', []]);
  });

  test('SHA-256 without WebCrypto is the same', () => {
    for (const length of [0, 1, 3, 55, 56, 63, 64, 65, 119, 120, 1000, 100_000]) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 7) & 0xff);
      expect(Buffer.from(sha256Bytes(bytes)).toString('hex')).toBe(hashOf(bytes));
    }
  });
});

describe('downloads', () => {
  const gzipped = gzipSync(bundle);

  async function withServer(run: (url: URL) => Promise<void>): Promise<void> {
    const server = createServer((request, response) => {
      if (request.url === '/missing') response.writeHead(404).end();
      else if (request.url === '/endless') response.writeHead(200).write(bundle);
      else if (request.url === '/encoded') {
        // A cross-origin page sees the length, but not that it is that of the compressed bytes.
        response
          .writeHead(200, { 'content-length': gzipped.length, 'content-encoding': 'gzip' })
          .end(gzipped);
      } else if (request.url === '/claims') {
        response.writeHead(200, { 'content-length': 90 * 2 ** 20 }).write(bundle, () => response.destroy());
      } else if (request.url === '/cut') {
        response
          .writeHead(200, { 'content-length': bundle.length + 1 })
          .write(bundle, () => response.destroy());
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
        ['encoded', null],
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
      expect(await codeOf(load(new URL('claims', url)))).toBe('PackageError download_failed');
      expect(await codeOf(load(new URL('claims', url), { limits: { fileBytes: 2 ** 20 } }))).toBe(
        'PackageError too_large',
      );
      expect(await codeOf(load(new URL('http://127.0.0.1:1/')))).toBe('PackageError download_failed');
    }));

  test('large ones arrive whole, whatever their length says', async () => {
    const noise = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 7919) >> 3);
    const large = zip([manifest, { name: 'assets/noise', content: noise, stored: true }]);
    for (const said of [null, String(large.length), '5', String(large.length + 5), 'much']) {
      const pieces = new ReadableStream({
        start(controller) {
          for (let at = 0; at < large.length; at += 70_000)
            controller.enqueue(large.subarray(at, at + 70_000));
          controller.close();
        },
      });
      const response = new Response(pieces, { headers: said === null ? {} : { 'content-length': said } });
      vi.stubGlobal('fetch', async () => response);
      const seen: unknown[] = [];
      const onProgress = (progress: { total: number | null }) => seen.push(progress.total);
      const loaded = await load(new URL('http://localhost/'), { onProgress }).finally(() =>
        vi.unstubAllGlobals(),
      );
      expect(loaded.id).toBe(hashOf(large));
      expect(seen.at(-1)).toBe(said === null || said === 'much' || said === '5' ? null : Number(said));
    }
  });

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
