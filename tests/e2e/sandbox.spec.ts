/** Nothing gets out of the sandbox: what hostile bundles try is not seen by any server, nor in the browser's own log. */
import { readFileSync, rmSync } from 'node:fs';
import { chromium, expect, type Page, test } from '@playwright/test';
import { launchOptions } from '../../scripts/chromium.mjs';
import { attempts, escapeBundle } from './sandbox/bundle.js';
import { type Outcome, openPage, run } from './sandbox/embed.js';
import { foreignServer, marker, pageServer, type Recorder } from './sandbox/servers.js';

interface Attempted {
  readonly attempt: string;
  readonly raised?: string;
  readonly value?: string;
}

/** Where what gets out would show. */
interface Seen {
  readonly own: readonly string[];
  readonly foreign: readonly string[];
  /** Requests that the browser told of, but those that a content security policy stopped. */
  readonly browser: readonly string[];
  readonly stopped: readonly string[];
  /** Chromium's log of its network stack. */
  readonly netLog: readonly string[];
}

const isOut = (text: string) => text.includes(marker);

/** Runs something against fresh servers in a browser that logs what its network does. */
async function watched(work: (page: Page, urls: string[]) => Promise<void>): Promise<Seen> {
  const [own, foreign] = [await pageServer(), await foreignServer()];
  const log = test.info().outputPath('net-log.json');
  const options = launchOptions();
  const browser = await chromium.launch({ ...options, args: [...options.args, `--log-net-log=${log}`] });
  const requests: string[] = [];
  const stopped: string[] = [];
  try {
    const page = await browser.newPage();
    page.context().on('request', (request) => requests.push(request.url()));
    page.context().on('requestfailed', (request) => {
      if (request.failure()?.errorText === 'csp') stopped.push(request.url());
    });
    page.on('websocket', (socket) => requests.push(socket.url()));
    await openPage(page, own.url);
    await work(page, urlsOf(own, foreign));
  } finally {
    await browser.close();
    await own.close();
    await foreign.close();
  }
  const text = readFileSync(log, 'utf8');
  rmSync(log);
  expect(text.includes('/app/lib/index.js'), 'the log is that of this browser').toBe(true);
  return {
    own: own.requests.filter(isOut),
    foreign: foreign.requests.filter(isOut),
    browser: requests.filter((url) => isOut(url) && !stopped.includes(url)),
    stopped: stopped.filter(isOut),
    netLog: [...text.matchAll(new RegExp(`[^"]*${marker}[^"]*`, 'g'))].map(([found]) => found),
  };
}

/** Beginnings of URLs at the page's own origin, also where the runtimes' files lie, and at a foreign one. */
function urlsOf(own: Recorder, foreign: Recorder): string[] {
  return [
    `${own.url}/app/${marker}`,
    `${own.url}/app/remotemedia/pyodide/${marker}`,
    `${foreign.url}/${marker}`,
  ];
}

/** The attempts that the requests come from. */
function waysIn(requests: readonly string[]): Set<string> {
  return new Set(requests.map((url) => /^\w*/.exec(url.split(marker)[1] ?? '')?.[0] ?? ''));
}

/** Every attempt on every URL. */
async function attemptAll(page: Page, urls: string[], untrusted: 'sandbox' | 'allow'): Promise<Attempted[]> {
  const bundle = escapeBundle('EscapeNode');
  const items = urls.flatMap((url) => attempts.map((name) => [name, url + name]));
  const { outputs, error } = await run(page, { bundle, items, untrusted });
  expect(error).toBeNull();
  expect(outputs).toHaveLength(items.length);
  return outputs as Attempted[];
}

test('no attempt of a hostile bundle gets out, and each raises', async () => {
  expect(attempts.length).toBeGreaterThanOrEqual(50);
  let results: Attempted[] = [];
  const seen = await watched(async (page, urls) => {
    results = await attemptAll(page, urls, 'sandbox');
  });
  expect(seen).toEqual({ own: [], foreign: [], browser: [], stopped: [], netLog: [] });
  expect(results.filter(({ raised }) => raised === undefined)).toEqual([]);
  // Later ones find that an earlier one has tampered with the importer.
  const clear = results
    .slice(0, attempts.length)
    .filter(({ raised }) => raised?.includes('is not trusted may not'));
  expect(clear.length).toBeGreaterThanOrEqual(40);
});

test('without the sandbox the same bundle does get out, so that all of this would be seen', async () => {
  const seen = await watched(async (page, urls) => {
    await attemptAll(page, urls, 'allow');
  });
  for (const requests of [seen.own, seen.foreign, seen.browser, seen.netLog])
    expect(waysIn(requests).size).toBeGreaterThanOrEqual(25);
});

test('without the frame that worker does get out', async () => {
  const seen = await watched((page, urls) =>
    page.evaluate(async (text) => {
      const { port1, port2 } = new MessageChannel();
      const end = new Promise((resolve) => {
        port1.onmessage = ({ data }) => data === null && resolve(data);
      });
      new Worker('hostile-worker.js').postMessage('', [port2]);
      port1.postMessage({
        type: 'start',
        job: { manifest: JSON.stringify({ metadata: { description: text } }) },
      });
      await end;
    }, JSON.stringify(urls)),
  );
  for (const requests of [seen.own, seen.foreign, seen.browser, seen.netLog])
    expect(waysIn(requests).size).toBeGreaterThanOrEqual(10);
});

test('the frame alone lets nothing out, whatever runs in it', async () => {
  let outcome: Outcome | undefined;
  const seen = await watched(async (page, urls) => {
    const bundle = escapeBundle('EchoedNode', { description: JSON.stringify(urls) });
    outcome = await run(page, { bundle, items: [1], sandbox: 'hostile-worker.js' });
  });
  const { stopped, ...out } = seen;
  expect(out).toEqual({ own: [], foreign: [], browser: [], netLog: [] });
  expect(stopped.length).toBeGreaterThan(0);
  const results = outcome?.printed.map((line) => JSON.parse(line) as Attempted) ?? [];
  expect(results.filter(({ raised }) => raised === undefined)).toEqual([]);
  expect(new Set(results.map(({ attempt }) => attempt)).size).toBeGreaterThanOrEqual(25);
  // The message that is none ends it.
  expect(outcome?.error).toMatchObject({ name: 'RuntimeLoadError', code: 'worker_died' });
});
