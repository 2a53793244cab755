/** Bundles with Python nodes of their own in Chromium: the same as natively, in the worker and in the sandbox. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import type { Manifest } from '../../web/src/manifest.js';
import { bundleFile, type Contents } from '../../web/tests/bundles.js';
import { chain } from '../../web/tests/chains.js';
import { type Embedding, openEmbedding } from './embed.js';
import { expect, test } from './site.js';

type Untrusted = 'sandbox' | 'refuse' | 'allow';

/** How one run in the page ends. */
interface Outcome {
  readonly outputs?: unknown[];
  readonly error?: { name: string; code: string; message: string; traceback: string | null };
}

/** How a run differs from the usual one. */
interface Settings {
  readonly contents?: Contents;
  /** Ended after that many milliseconds. */
  readonly abortMs?: number;
  readonly grant?: readonly string[];
}

const kinds: readonly [type: string, input: unknown[]][] = [
  ['ClampNode', [-1, 0.5, 7]],
  ['ShiftNode', [1, 2]],
  ['TableNode', [2, 1]],
  ['SumNode', [1, 2, 3]],
  ['LaterNode', [1, 'x']],
  ['CountdownNode', [2, 0, 3]],
  ['MeanNode', [[1, 2, 6], [0.1]]],
];

/** Opens a page with a runner, and returns what runs a bundle of the kit with one node there. */
async function open(page: Page, siteUrl: string, untrusted: Untrusted) {
  await openEmbedding(page, siteUrl);
  await page.evaluate(
    async ({ base, untrusted }) => {
      const { library, runner } = window as unknown as Embedding;
      await runner.close();
      const assets = { base: `${base}remotemedia/` };
      Object.assign(window, { runner: await library.PipelineRunner.create({ assets, untrusted }) });
    },
    { base: siteUrl, untrusted },
  );
  return (node: string | Manifest, input: unknown[], settings: Settings = {}): Promise<Outcome> => {
    const { contents, abortMs, grant } = settings;
    const manifest = typeof node === 'string' ? chain({ node_type: node }) : node;
    const request = { bytes: [...bundleFile(manifest, contents)], input, abortMs, grant };
    return page.evaluate(runInPage, request);
  };
}

/** Runs in the page, so it can use nothing from here. */
async function runInPage(request: {
  bytes: number[];
  input: unknown[];
  abortMs: number | undefined;
  grant: readonly string[] | undefined;
}): Promise<Outcome> {
  const { library, runner } = window as unknown as Embedding;
  const { bytes, input, abortMs, grant } = request;
  try {
    const pkg = await library.PackageLoader.loadFromFile(new Uint8Array(bytes));
    if (abortMs !== undefined) await runner.preload(pkg, grant ? { grant: { network: grant } } : {});
    const { outputs } = await runner.execute(pkg, input as never, {
      ...(abortMs === undefined ? {} : { signal: AbortSignal.timeout(abortMs) }),
      ...(grant ? { grant: { network: grant } } : {}),
    });
    return { outputs };
  } catch (thrown) {
    const { name, code, message, traceback } = thrown as import('../../web/src/index.js').RemoteMediaError;
    return { error: { name, code, message, traceback } };
  }
}

/** The same bundle in native Python. */
function natively(node: string, input: unknown[]): unknown[] {
  mkdirSync('.cache/e2e-nodes', { recursive: true });
  const file = `.cache/e2e-nodes/${node}.rmpkg`;
  writeFileSync(file, bundleFile(chain({ node_type: node })));
  const args = ['-m', 'remotemedia.cli', 'run', file, JSON.stringify(input), '--trust', '--json'];
  return JSON.parse(execFileSync('.venv/bin/python', args, { encoding: 'utf8' })).outputs;
}

for (const untrusted of ['allow', 'sandbox'] as const) {
  test(`${untrusted}: nodes of every kind give what they give natively`, async ({ page, siteUrl }) => {
    const run = await open(page, siteUrl, untrusted);
    for (const [type, input] of kinds) {
      expect(await run(type, input), type).toEqual({ outputs: natively(type, input) });
    }
  });

  test(`${untrusted}: what goes wrong in a node is told with file and line, and files stay as they are`, async ({
    page,
    siteUrl,
  }) => {
    const run = await open(page, siteUrl, untrusted);
    const { error } = await run('RaiseNode', [1]);
    expect(error).toMatchObject({ name: 'NodeError', code: 'node_error' });
    expect(error?.traceback).toMatch(
      /nodes\/kit\.py", line 92, in process[\s\S]*nodes\/kit\.py", line 96, in helper/,
    );
    const attempts = ['change', 'remove', 'source', 'new', 'folder', 'rename'];
    expect(await run('WriteNode', attempts)).toEqual({ outputs: attempts.map(() => 'PermissionError') });
  });

  test(`${untrusted}: an endless node is ended, and the bundle runs again`, async ({ page, siteUrl }) => {
    const run = await open(page, siteUrl, untrusted);
    expect(await run('LoopNode', [1])).toEqual({ outputs: [1] });
    expect((await run('LoopNode', ['loop'], { abortMs: 300 })).error?.name).toBe('CancelledError');
    expect(await run('LoopNode', [2])).toEqual({ outputs: [2] });
  });

  test(`${untrusted}: bundles with modules of the same name do not meet`, async ({ page, siteUrl }) => {
    const run = await open(page, siteUrl, untrusted);
    const other = { files: { 'nodes/shared.py': 'offset = -1\n' } };
    expect(await run('ShiftNode', [1])).toEqual({ outputs: [101] });
    expect(await run('ShiftNode', [1], { contents: other })).toEqual({ outputs: [0] });
    expect(await run('ShiftNode', [1])).toEqual({ outputs: [101] });
    const text = await run(chain({ node_type: 'TextProcessorNode' }), ['a']);
    expect(text.outputs).toMatchObject([{ original_text: 'a' }]);
  });
}

test('what nobody vouches for can be refused, and origins have to be granted', async ({ page, siteUrl }) => {
  const run = await open(page, siteUrl, 'refuse');
  expect((await run('ShiftNode', [1])).error).toMatchObject({
    name: 'CapabilityError',
    code: 'untrusted_code',
  });
  const contents = { network: ['https://a.example'] };
  const allowing = await open(page, siteUrl, 'allow');
  const missing = (await allowing('ShiftNode', [1], { contents })).error;
  expect(missing).toMatchObject({ name: 'CapabilityError', code: 'not_granted' });
  expect(missing?.message).toContain('https://a.example');
  const granted = await allowing('ShiftNode', [1], { contents, grant: contents.network });
  expect(granted).toEqual({ outputs: [101] });
});
