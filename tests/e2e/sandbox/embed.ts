/** The runner in a page of {@link pageServer}. */
import type { Page } from '@playwright/test';

type Library = typeof import('../../../web/src/index.js');

/** What {@link openPage} puts into the page. */
export type Embedding = typeof window & { library: Library };

/** What to run: a bundle's bytes and its input. */
export interface Given {
  readonly bundle: number[];
  readonly items: readonly unknown[];
  readonly untrusted?: 'sandbox' | 'allow';
  readonly grant?: readonly string[];
  /** Another script for the sandbox. */
  readonly sandbox?: string;
}

/** How it ended. */
export interface Outcome {
  readonly outputs: readonly unknown[];
  readonly error: { readonly name: string; readonly code: string; readonly message: string } | null;
  /** Lines of what nodes printed. */
  readonly printed: readonly string[];
}

/** Opens the page, with the library as `window.library`. */
export async function openPage(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/app/`);
  await page.evaluate(async () => {
    const library = await import(new URL('lib/index.js', location.href).href);
    Object.assign(window, { library });
  });
}

/** Runs a bundle of plain values in a runner of its own. */
export function run(page: Page, given: Given): Promise<Outcome> {
  return page.evaluate(async ({ bundle, items, untrusted = 'sandbox', grant = [], sandbox }) => {
    const { library } = window as Embedding;
    const printed: string[] = [];
    const runner = new library.PipelineRunner({
      untrusted,
      assets: sandbox ? { sandbox } : {},
      onOutput: (_stream, text) => void printed.push(text),
    });
    try {
      const pkg = await library.PackageLoader.loadFromFile(new Uint8Array(bundle));
      const { outputs } = await runner.execute(pkg, items as never, { grant: { network: grant } });
      return { outputs, error: null, printed };
    } catch (thrown) {
      const { name, code, message } = thrown as import('../../../web/src/index.js').RemoteMediaError;
      return { outputs: [], error: { name, code, message }, printed };
    } finally {
      await runner.close();
    }
  }, given);
}
