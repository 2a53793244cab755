/** The runner in a page that embeds the library; values travel in JSON form. */
import type { Page } from '@playwright/test';
import type { Outcome } from '../../web/tests/conformance.js';

type Library = typeof import('../../web/src/index.js');
type Runner = import('../../web/src/index.js').PipelineRunner;
type Value = import('../../web/src/index.js').Value;

/** What goes in, in JSON form. */
export interface Given {
  readonly input?: unknown;
  readonly sources?: Readonly<Record<string, unknown[]>>;
}

/** What to run: a manifest, or a bundle of the built site by its name. */
export type RunInPage = (manifest: unknown, input: unknown) => Promise<Outcome>;

/** What {@link embed} puts into the page. */
export type Embedding = typeof window & { library: Library; runner: Runner };

/** Opens a page that embeds the library, with a runner as `window.runner`. */
export async function openEmbedding(page: Page, siteUrl: string): Promise<void> {
  await page.goto(`${siteUrl}web/bare.html`);
  await page.evaluate(async (base) => {
    const library = await import(new URL('/lib/index.js', base).href);
    const runner = await library.PipelineRunner.create({ assets: { base: `${base}remotemedia/` } });
    Object.assign(window, { library, runner });
  }, siteUrl);
}

/** Runs a manifest several times, one run after the other. */
export async function runAll(page: Page, manifest: unknown, given: readonly Given[]): Promise<Outcome[]> {
  // As text, because Playwright's own messages lose the key `__proto__`.
  const request = JSON.stringify({ manifest, given });
  return JSON.parse(await page.evaluate(runAllInPage, request)) as Outcome[];
}

/** A function that runs a pipeline once in the page. */
export async function embed(page: Page, siteUrl: string): Promise<RunInPage> {
  await openEmbedding(page, siteUrl);
  return async (manifest, input) => {
    const [outcome] = await runAll(page, manifest, [{ input }]);
    if (!outcome) throw new Error('no outcome');
    return outcome;
  };
}

/** Runs in the page, so it can use nothing from here. */
async function runAllInPage(request: string): Promise<string> {
  const { library, runner } = window as unknown as Embedding;
  const { manifest, given } = JSON.parse(request) as { manifest: { bundle?: string }; given: Given[] };
  const { bundle } = manifest;
  const url = bundle && new URL(`../bundles/${bundle}.rmpkg`, document.baseURI);
  const source = url ? await library.PackageLoader.loadFromFile(url) : (manifest as never);
  const jsonOf = (sinks: Record<string, Value[]>) =>
    Object.fromEntries(Object.entries(sinks).map(([id, items]) => [id, items.map(library.toJson)]));
  const outcomes: Outcome[] = [];
  for (const { input, sources } of given) {
    try {
      const options = sources && { sources: library.fromJson(sources) as Record<string, Value[]> };
      const items = input === undefined ? undefined : library.fromJson(input);
      const { sinks, skipped } = await runner.execute(source, items, { ...options });
      outcomes.push({ sinks: jsonOf(sinks), error: null, skipped: skipped.count });
    } catch (thrown) {
      const failure = thrown as import('../../web/src/index.js').RemoteMediaError;
      const { name, nodeId: node_id, itemIndex: item_index, message } = failure;
      const sinks = jsonOf(failure.partial?.sinks ?? {});
      outcomes.push({ sinks, error: { name, node_id, item_index, message }, skipped: null });
    }
  }
  return JSON.stringify(outcomes);
}
