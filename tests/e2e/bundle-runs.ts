/** Runs of bundles with nodes of their own in a page that embeds the library. */
import type { Page } from '@playwright/test';
import type { Manifest } from '../../web/src/manifest.js';
import { bundleFile, type Contents } from '../../web/tests/bundles.js';
import { chain } from '../../web/tests/chains.js';
import { type Embedding, openEmbedding } from './embed.js';

type Untrusted = 'sandbox' | 'refuse' | 'allow';

/** How one run in the page ends. */
export interface Outcome {
  readonly outputs?: unknown[];
  readonly error?: {
    name: string;
    code: string;
    message: string;
    traceback: string | null;
    nodeId: string | null;
  };
}

/** How a run differs from the usual one. */
export interface Settings {
  /** Another bundle than one of the kit. */
  readonly file?: Uint8Array;
  readonly contents?: Contents;
  /** Ended after that many milliseconds. */
  readonly abortMs?: number;
  readonly grant?: readonly string[];
}

/** Opens a page with a runner, and returns what runs a bundle of the kit with one node there. */
export async function open(
  page: Page,
  siteUrl: string,
  untrusted: Untrusted,
  packages: Readonly<Record<string, string>> = {},
) {
  await openEmbedding(page, siteUrl);
  await page.evaluate(
    async ({ base, ...options }) => {
      const { library, runner } = window as unknown as Embedding;
      await runner.close();
      const assets = { base: `${base}remotemedia/` };
      Object.assign(window, { runner: await library.PipelineRunner.create({ assets, ...options }) });
    },
    { base: siteUrl, untrusted, packages },
  );
  return (node: string | Manifest, input: unknown[], settings: Settings = {}): Promise<Outcome> => {
    const { contents, abortMs, grant, file } = settings;
    const manifest = typeof node === 'string' ? chain({ node_type: node }) : node;
    const request = { bytes: [...(file ?? bundleFile(manifest, contents))], input, abortMs, grant };
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
    const { name, code, message, traceback, nodeId } =
      thrown as import('../../web/src/index.js').RemoteMediaError;
    return { error: { name, code, message, traceback, nodeId } };
  }
}
