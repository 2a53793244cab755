/**
 * The three hosts that run bundles: Chromium with the built site, Node.js with the built library, native Python. Python nodes
 * that a bundle brings run in the sandbox in Chromium; the other two, where there is none, are told to trust them.
 */
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from '@playwright/test';
import { launchOptions } from './chromium.mjs';
import { serve } from './serve.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const sitePath = '/some/sub/path/';
const maxOutput = 2 ** 30;

/**
 * A host: `run(bundle, input)` gives `{outputs}` in JSON form, of a single sink as a list, of several as an object, or
 * `{error}` with the fields of the wire shape that say which error it is;
 * `input` is JSON text, `@FILE.json`, or `@FILE`, which stands for a list with the file's bytes. `close()` ends it.
 */
export const hosts = { chromium: startChromium, node: startNode, python: startPython };

/** Serves the built site. Resolves `{ url, close }`. */
export function serveSite(mounts = {}, port = 0) {
  return serve({ mounts: { [sitePath]: `${root}dist/site`, ...mounts }, port }).then(({ url, close }) => ({
    url: `${url}${sitePath}`,
    origin: url,
    close,
  }));
}

async function startChromium() {
  const bundles = new Map();
  const server = await serveSite();
  const browser = await chromium.launch(launchOptions());
  const page = await browser.newPage();
  // The bundle comes from where it is, without being copied into the site.
  await page.route(`${server.origin}/given/*`, (route) =>
    route.fulfill({ path: bundles.get(route.request().url()) }),
  );
  await page.goto(`${server.url}web/bare.html`);
  await page.waitForFunction(() => window.bare !== undefined);
  return {
    async run(bundle, input) {
      const url = `${server.origin}/given/${bundles.size}`;
      bundles.set(url, resolve(bundle));
      return outcome(await page.evaluate(runInPage, { url, items: await inputItems(input) }));
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** Runs in the page, so it can use nothing from here. */
async function runInPage({ url, items }) {
  const { runner, PackageLoader, valueJson } = window.bare;
  const { fromJson, toJson } = await valueJson();
  try {
    const loaded = await PackageLoader.loadFromFile(new URL(url));
    const { sinks } = await runner.execute(loaded, fromJson(items));
    return { sinks: Object.entries(sinks).map(([sink, values]) => [sink, values.map(toJson)]) };
  } catch (error) {
    return { error: error.toJSON?.() ?? { message: String(error) } };
  }
}

async function startNode() {
  const { PackageLoader, PipelineRunner, fromJson, toJson } = await import(`${root}dist/lib/index.js`);
  const runner = await PipelineRunner.create({ untrusted: 'allow' });
  return {
    async run(bundle, input) {
      try {
        const loaded = await PackageLoader.loadFromFile(pathToFileURL(bundle));
        const { sinks } = await runner.execute(loaded, fromJson(await inputItems(input)));
        return outcome({ sinks: Object.entries(sinks).map(([sink, values]) => [sink, values.map(toJson)]) });
      } catch (error) {
        return outcome({ error: error.toJSON?.() ?? { message: String(error) } });
      }
    },
    close: () => runner.close(),
  };
}

async function startPython() {
  const python = `${root}.venv/bin/python`;
  return {
    async run(bundle, input) {
      const args = ['-m', 'remotemedia.cli', 'run', bundle, '--input', input, '--json', '--trust'];
      const { stdout, stderr } = await promisify(execFile)(python, args, { maxBuffer: maxOutput }).catch(
        (failure) => failure,
      );
      if (!stdout?.startsWith('{')) return outcome({ error: { message: (stderr ?? '').trim() } });
      const { sinks, error } = JSON.parse(stdout);
      return outcome({ sinks: Object.entries(sinks ?? {}), error });
    },
    async close() {},
  };
}

function outcome({ sinks, error }) {
  if (!error) return { outputs: sinks.length === 1 ? sinks[0][1] : Object.fromEntries(sinks) };
  const { name, code, node_id, item_index, message } = error;
  return { error: { name, code, node_id, item_index, message } };
}

async function inputItems(input) {
  if (!input.startsWith('@')) return JSON.parse(input);
  if (input.endsWith('.json')) return JSON.parse(await readFile(input.slice(1), 'utf8'));
  return [{ $bytes: (await readFile(input.slice(1))).toString('base64') }];
}

/** Bundles to run when none is given: those of dist/bundles, with every input that their README gives. */
export async function exampleRuns(names) {
  const runs = [];
  for (const name of names) {
    const folder = `${root}packages/pipelines/${name}`;
    const readme = await readFile(`${folder}/README.md`, 'utf8');
    for (const [, block] of readme.matchAll(/```json input\n([\s\S]*?)```/g)) {
      const text = block.trim();
      const input = text.startsWith('@') ? `@${resolve(folder, text.slice(1))}` : text;
      runs.push({ bundle: `${root}dist/bundles/${name}.rmpkg`, input });
    }
  }
  return runs;
}

/** Name of a bundle in reports. */
export function bundleName(path) {
  return basename(path, '.rmpkg');
}

/** Throws an error that says what is missing if the site and the library were not built. */
export async function checkBuilt() {
  for (const path of [
    'dist/site/index.html',
    'dist/lib/index.js',
    'dist/remotemedia/runtime.wasm',
    'dist/bundles',
  ]) {
    await stat(`${root}${path}`).catch(() => {
      throw new Error(`${path} is missing: run scripts/build (in ${dirname(`${root}x`)})`);
    });
  }
}
