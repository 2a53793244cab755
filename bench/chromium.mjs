/** Measures in Chromium, each figure in one run with its reference. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from '@playwright/test';
import { launchOptions } from '../scripts/chromium.mjs';
import { serve } from '../scripts/serve.mjs';
import { bundle, hopOf, hopSizes } from './hop.mjs';
import { abortRow, liveRows, metricsRow, planningRows, streamRows } from './rows.mjs';
import { sandboxRows } from './sandbox.mjs';
import { median, repeat } from './statistics.mjs';
import { workloads } from './streams.mjs';
import { scalars } from './workloads.mjs';

const site = '/some/sub/path/';
const pyodide = `${site}remotemedia/pyodide/`;
const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};
const text = JSON.stringify([{ text: 'Hello WASM', operations: ['uppercase', 'word_count'] }]);

/** All rows of this host. `progress` is told what is being measured. */
export async function measureChromium(progress) {
  const browser = await chromium.launch(launchOptions());
  try {
    progress('Chromium: bytes fetched');
    const rows = await bytes(browser);
    progress('Chromium: start');
    rows.push(...(await starts(browser)));
    progress('Chromium: items and hops');
    rows.push(...(await flows(browser)));
    progress('Chromium: streams, live audio (2 min) and aborts');
    rows.push(...(await streamed(browser)));
    progress('Chromium: the sandbox');
    rows.push(...(await sandboxed(browser)));
    return rows.map((row) => ({ host: `chromium ${browser.version()}`, ...row }));
  } finally {
    await browser.close();
  }
}

/** A page with the library and a runner, for measurements that take turns with another host. */
export async function withBarePage(use) {
  const browser = await chromium.launch(launchOptions());
  try {
    return await withServer({}, async (url) =>
      use(await visit(await browser.newContext(), `${url}${site}web/bare.html`)),
    );
  } finally {
    await browser.close();
  }
}

async function withServer(options, use) {
  const server = await serve({
    mounts: { [site]: 'dist/site', '/bench/': 'bench/pages', '/bench-built/': '.cache/bench' },
    ...options,
  });
  try {
    return await use(server.url);
  } finally {
    await server.close();
  }
}

/** Opens a page and waits for what it leaves in `window.bare`. */
async function visit(context, url) {
  const page = await context.newPage();
  const failed = new Promise((_, reject) => page.once('pageerror', reject));
  await page.goto(url);
  const ready = page.waitForFunction(() => 'bare' in window, undefined, { timeout: 120_000, polling: 50 });
  await Promise.race([ready, failed]);
  failed.catch(() => {});
  return page;
}

/** gzip size of what a page that only embeds the library fetches before its first result. */
async function bytes(browser) {
  const files = new Set();
  await withServer({ onRequest: (file) => files.add(file) }, async (url) => {
    const context = await browser.newContext();
    await visit(context, `${url}${site}web/bare.html`);
    await context.close();
  });
  const size = (pattern) =>
    [...files]
      .filter((file) => pattern.test(file))
      .reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
  const row = (name, value, bar) => ({ name, unit: 'bytes gzip', value, reference: null, ratio: null, bar });
  return [
    {
      ...row('JavaScript before the first result', size(/\.m?js$/), 30_000),
      files: [...files].map((f) => relative('.', f)),
    },
    row('runtime.wasm', size(/\.wasm$/), 400_000),
  ];
}

/** Time from the start of navigation to the first result, warm HTTP cache, against bare loadPyodide. */
async function starts(browser) {
  return withServer({}, async (url) => {
    const context = await browser.newContext();
    const bare = `${url}${site}web/bare.html`;
    const pages = {
      calculator: bare,
      text: `${bare}?bundle=../bundles/text-processor.rmpkg&input=${encodeURIComponent(text)}`,
      reference: `${url}/bench/load-pyodide.html?pyodide=${pyodide}`,
    };
    const times = { calculator: [], text: [], reference: [] };
    const once = async (keep) => {
      for (const [name, address] of Object.entries(pages)) {
        const page = await visit(context, address);
        const { firstResultMs, loadMs, error } = await page.evaluate(() => {
          const { firstResultMs, loadMs, error } = window.bare;
          return { firstResultMs, loadMs, error };
        });
        if (error) throw new Error(error);
        if (keep) times[name].push(firstResultMs ?? loadMs);
        await page.close();
      }
    };
    await once(false); // fills the HTTP cache
    await repeat(7, () => once(true));
    await context.close();
    const reference = median(times.reference);
    const row = (name, value, bar) => ({ name, unit: 'ms', value, reference, ratio: value / reference, bar });
    return [
      row('first calculator result / loadPyodide', median(times.calculator), 0.15),
      row('first text result in Python / loadPyodide', median(times.text), 1.25),
    ];
  });
}

/** Cost per item and node, and per hop. Isolated, so that the clock has steps of 5 µs. */
async function flows(browser) {
  await bundle('hop');
  return withServer({ headers: isolation }, async (url) => {
    const context = await browser.newContext();
    const page = await visit(context, `${url}${site}web/bare.html`);
    const scalarRow = async (runtime, bar) => {
      const times = await page.evaluate(`(${scalars})(window.bare.runner, '${runtime}', 15)`);
      const name = `10,000 numbers, Multiply → Add in ${runtime}, per item and node`;
      return { name, unit: 'µs', value: median(times), reference: null, ratio: null, bar };
    };
    await page.evaluate(
      async ({ script, base }) => {
        const { prepare } = await import(script);
        window.hop = await prepare(`${base}runtime.wasm`, `${base}pyodide/`);
      },
      { script: `${url}/bench-built/hop.js`, base: `${url}${site}remotemedia/` },
    );
    const rows = [await scalarRow('rust', 0.6), await scalarRow('python', 4)];
    for (const [megabytes, together, bar] of hopSizes) {
      const pairs = await page.evaluate(`window.hop(${megabytes}, ${together}, ${64 / megabytes}, 25)`);
      rows.push(hopOf(pairs, megabytes, together, bar));
    }
    await context.close();
    return rows;
  });
}

/** Bundles that are not trusted. */
async function sandboxed(browser) {
  return withServer({}, async (url) => {
    const context = await browser.newContext();
    const page = await visit(context, `${url}${site}web/bare.html`);
    const rows = await sandboxRows(page, { base: `${url}${site}remotemedia/` });
    await context.close();
    return rows;
  });
}

/** Streams, live audio and aborts, in an ordinary page: not isolated. */
async function streamed(browser) {
  await bundle('planning');
  return withServer({}, async (url) => {
    const context = await browser.newContext();
    const page = await visit(context, `${url}${site}web/bare.html`);
    const evaluate = (name, ...args) => {
      const list = args.map((arg) => (arg === 'Audio' ? 'window.bare.Audio' : JSON.stringify(arg)));
      return page.evaluate(`(${workloads[name]})(window.bare.runner, ${list})`);
    };
    await page.evaluate(
      async ({ script, base }) => {
        const { preparePlanning } = await import(script);
        window.planning = await preparePlanning(`${base}runtime.wasm`, `${base}pyodide/`);
      },
      { script: `${url}/bench-built/planning.js`, base: `${url}${site}remotemedia/` },
    );
    const rows = await planningRows((length, n) => page.evaluate(`window.planning(${length}, ${n})`));
    rows.push(...(await streamRows(evaluate)), await metricsRow(evaluate), ...(await liveRows(evaluate)));
    const assets = JSON.stringify({ base: `${url}${site}remotemedia/` });
    for (const [what, bundleName, input] of [
      ['calculator in Rust', 'calculator', '[5, 7, 3]'],
      ['text in Python', 'text-processor', text],
    ]) {
      const pairs = await page.evaluate(`(async () => {
        const { PackageLoader, PipelineRunner } = window.bare;
        const file = new URL('${url}${site}bundles/${bundleName}.rmpkg');
        return (${workloads.afterAbort})(PipelineRunner, ${assets}, await PackageLoader.loadFromFile(file), ${input}, 7);
      })()`);
      rows.push(abortRow(what, pairs));
    }
    await context.close();
    return rows;
  });
}
