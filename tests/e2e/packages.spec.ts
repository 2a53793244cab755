/** The corpus of tests/hostile in a real page: the same codes, bounded memory, and no error that nobody handles. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Browser, CDPSession, Page } from '@playwright/test';
import { PackageLoader } from '../../web/src/package-loader.js';
import { hashOf, integrity, json, manifest, type Options, text, withManifest } from '../hostile/case.js';
import { type Verdict, verdict } from '../hostile/verdict.js';
import { openEmbedding } from './embed.js';
import { expect, test } from './site.js';

interface Listed {
  readonly name: string;
  readonly file: string;
  readonly options: Options;
  /** What must be said of a case. */
  readonly code?: string | null;
  readonly trust?: string;
  /** What Node.js says of a random change. */
  readonly verdict?: Verdict;
}

/** What the page holds. */
interface Loading {
  readonly library: typeof import('../../web/src/index.js');
  readonly verdict: typeof verdict;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const folder = '.cache/hostile';
const python = '.venv/bin/python';
const mostGrowth = 64 * 2 ** 20;
const isMeasured = existsSync('/proc/self/clear_refs');
let index: Listed[] = [];

test.beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync('node', ['tests/hostile/write.mjs', folder, '300', '2'], { stdio: 'inherit' });
  index = JSON.parse(readFileSync(`${folder}/index.json`, 'utf8'));
});

test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Everything that nobody handled in a page. */
function unhandled(page: Page): string[] {
  const found: string[] = [];
  page.on('pageerror', (error) => found.push(String(error)));
  page.on('crash', () => found.push('the page crashed'));
  return found;
}

async function open(page: Page, siteUrl: string): Promise<void> {
  await openEmbedding(page, siteUrl);
  await page.evaluate(`window.verdict = ${verdict}`);
}

/** Fetches a bundle and loads it; `start` is called in between. */
async function load(page: Page, { file, options }: Listed, start?: () => Promise<void>): Promise<Verdict> {
  await page.evaluate(async (url) => {
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
    Object.assign(window, { bytes });
  }, `/hostile/${file}`);
  await start?.();
  return page.evaluate(async (given) => {
    const { library, verdict: judge, bytes } = window as unknown as Loading;
    return judge(library.PackageLoader, bytes, given);
  }, options);
}

test.describe('many bundles', () => {
  test.use({ isCounted: false });

  test('every hostile bundle gets its code, and takes little memory', async ({ page, browser, siteUrl }) => {
    const errors = unhandled(page);
    await open(page, siteUrl);
    const wrong: string[] = [];
    const measure = await meter(page, browser);
    let worst = { name: '', growth: 0 };
    const cases = index.filter(({ code }) => code !== undefined);
    for (const entry of cases) {
      let growth = () => 0;
      const found = await load(page, entry, async () => {
        growth = await measure();
      });
      if (found.code !== entry.code || (found.trust ?? entry.trust) !== entry.trust) {
        wrong.push(`${entry.name}: ${found.code} ${found.trust} instead of ${entry.code} ${entry.trust}`);
      }
      const grown = entry.code === null ? 0 : growth();
      if (grown > worst.growth) worst = { name: entry.name, growth: grown };
    }
    test.info().annotations.push({ type: 'memory', description: JSON.stringify(worst) });
    expect(wrong).toEqual([]);
    expect(errors).toEqual([]);
    expect(cases.length).toBeGreaterThan(300);
    if (isMeasured) expect(worst.growth, worst.name).toBeGreaterThan(0);
    expect(worst.growth, worst.name).toBeLessThanOrEqual(mostGrowth);
  });

  test('random changes get the same verdict as in Node.js', async ({ page, siteUrl }) => {
    const errors = unhandled(page);
    await open(page, siteUrl);
    const wrong: string[] = [];
    const changes = index.filter(({ verdict: told }) => told !== undefined);
    // Which is found first, of a stream that is both too long and corrupt, is up to zlib.
    const plain = (found?: Verdict) => (found?.code === 'size_mismatch' ? { code: 'corrupt_data' } : found);
    for (const entry of changes) {
      const found = JSON.stringify(plain(await load(page, entry)));
      const told = JSON.stringify(plain(entry.verdict));
      if (found !== told) wrong.push(`${entry.name}: ${found} instead of ${told}`);
    }
    expect(wrong).toEqual([]);
    expect(errors).toEqual([]);
    expect(changes.length).toBe(300);
  });
});

/** Where Linux tells it, gives for every start of a measurement how far the page's process has grown since, at most. */
async function meter(page: Page, browser: Browser): Promise<() => Promise<() => number>> {
  if (!isMeasured) return async () => () => 0;
  const process = await rendererOf(page, await browser.newBrowserCDPSession());
  const cdp = await page.context().newCDPSession(page);
  return async () => {
    await cdp.send('HeapProfiler.collectGarbage');
    writeFileSync(`/proc/${process}/clear_refs`, '5'); // the peak starts anew
    const before = memory(process, 'VmRSS');
    return () => memory(process, 'VmHWM') - before;
  };
}

test('a bundle signed in Python is trusted in Node.js and in a page', async ({ page, siteUrl }) => {
  const program = `
import sys
from remotemedia._package import new_key, pack, public_key_text, sign
from pathlib import Path
key = new_key()
Path(sys.argv[2]).write_bytes(sign(pack(Path(sys.argv[1])), key))
print(public_key_text(key))
`;
  const given = ['-c', program, 'packages/pipelines/voice-gate/manifest.json', `${folder}/signed.rmpkg`];
  const key = execFileSync(python, given, { encoding: 'utf8' }).trim();
  const options = { trustedKeys: [key], requireSignature: true };
  await open(page, siteUrl);
  const inPage = await load(page, { name: 'signed', file: 'signed.rmpkg', options });
  const inNode = await verdict(
    PackageLoader,
    new Uint8Array(readFileSync(`${folder}/signed.rmpkg`)),
    options,
  );
  expect(inPage).toEqual(inNode);
  expect(inPage).toMatchObject({
    code: null,
    trust: 'trusted',
    keyId: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  const other = await load(page, {
    name: 'signed',
    file: 'signed.rmpkg',
    options: { requireSignature: true },
  });
  expect(other.code).toBe('signature_required');
});

test('a bundle signed in a page verifies in Python', async ({ page, siteUrl }) => {
  await open(page, siteUrl);
  const listed = integrity(manifest);
  const { key, signature } = await page.evaluate(async (message) => {
    const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
    const base64 = (bytes: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
    const signed = await crypto.subtle.sign('Ed25519', pair.privateKey, new TextEncoder().encode(message));
    return { key: base64(await crypto.subtle.exportKey('raw', pair.publicKey)), signature: base64(signed) };
  }, String(listed.content));
  const keyId = hashOf(Buffer.from(key, 'base64')).slice(0, 16);
  const fields = { algorithm: 'ed25519', key_id: keyId, public_key: key, signature };
  writeFileSync(`${folder}/page.rmpkg`, withManifest(listed, json('signature.json', fields)));
  const program = `
import sys
from remotemedia._package import verify
print(verify(open(sys.argv[1], "rb").read(), sys.argv[2]))
`;
  const given = ['-c', program, `${folder}/page.rmpkg`, key];
  expect(execFileSync(python, given, { encoding: 'utf8' }).trim()).toBe(keyId);
});

test('a bundle whose hash is known is fetched once, and what is kept is checked', async ({
  page,
  siteUrl,
}) => {
  const bytes = withManifest(text);
  writeFileSync(`${folder}/kept.rmpkg`, bytes);
  const hash = hashOf(bytes);
  await open(page, siteUrl);
  let requests = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/kept.rmpkg')) requests++;
  });
  const loadKnown = (options: object) =>
    page.evaluate(async (given) => {
      const { library } = window as unknown as Loading;
      const url = new URL('/hostile/kept.rmpkg', location.href);
      return library.PackageLoader.load(url, given).then(
        ({ id }) => id,
        (error: { code: string }) => error.code,
      );
    }, options);
  const kept = () =>
    page.evaluate(async () => {
      const keys = await (await caches.open('remotemedia-bundles')).keys();
      return keys.map(({ url }) => url.replace(/.*\/(\w+)\.rmpkg$/, '$1'));
    });

  expect(await loadKnown({ sha256: hash, cache: false })).toBe(hash);
  expect(await loadKnown({ sha256: hashOf('another') })).toBe('hash_mismatch');
  expect(await kept()).toEqual([]);
  expect(await loadKnown({ sha256: hash })).toBe(hash);
  await expect.poll(kept).toEqual([hash]);
  expect(requests).toBe(3);
  expect(await loadKnown({ sha256: hash })).toBe(hash);
  expect(requests).toBe(3);

  // Something else in its place is noticed, thrown away and fetched anew.
  await page.evaluate(async () => {
    const cache = await caches.open('remotemedia-bundles');
    const [key] = await cache.keys();
    if (key) await cache.put(key, new Response('something else'));
  });
  expect(await loadKnown({ sha256: hash })).toBe(hash);
  expect(requests).toBe(4);
  await expect.poll(kept).toEqual([hash]);
  expect(await loadKnown({ sha256: hash })).toBe(hash);
  expect(requests).toBe(4);

  // A cache that does not work, or is full of others, fails nothing; the oldest make room.
  const large = { 'content-length': String(200 * 2 ** 20) };
  await page.evaluate(async (headers) => {
    const cache = await caches.open('remotemedia-bundles');
    for (const key of await cache.keys()) await cache.delete(key);
    for (const name of ['a', 'b'])
      await cache.put(`https://remotemedia.invalid/${name}.rmpkg`, new Response('x', { headers }));
  }, large);
  expect(await loadKnown({ sha256: hash })).toBe(hash);
  await expect.poll(kept).toEqual(['b', hash]);
  await page.evaluate(() => {
    CacheStorage.prototype.open = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
  });
  expect(await loadKnown({ sha256: hash })).toBe(hash);
  expect(requests).toBe(6);
});

/** Id of the page's process: the renderer that grows when the page does. */
async function rendererOf(page: Page, browser: CDPSession): Promise<number> {
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  const before = new Map(renderers.map((id) => [id, memory(id, 'VmRSS')]));
  await page.evaluate(() => Object.assign(window, { bytes: new Uint8Array(64 * 2 ** 20).fill(1) }));
  const grown = renderers.filter((id) => memory(id, 'VmRSS') - (before.get(id) ?? 0) > 48 * 2 ** 20);
  expect(grown.length).toBe(1);
  await page.evaluate(() => Object.assign(window, { bytes: null }));
  return grown[0] ?? 0;
}

/** A line of /proc/<id>/status, in bytes. */
function memory(process: number, field: string): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(
    readFileSync(`/proc/${process}/status`, 'utf8'),
  );
  return Number(line?.[1]) * 1024;
}
