/**
 * A page that only embeds the library, for measuring and for scripts. With `?bundle=URL&input=JSON` it runs a bundle;
 * `window.bare` then says how many milliseconds after the start of navigation the first result was there.
 */
import { PackageLoader, PipelineRunner } from './src/index.js';

const query = new URLSearchParams(location.search);
const begun = PipelineRunner.create({ assets: { base: query.get('assets') ?? '../remotemedia/' } });
const bundle = query.get('bundle');

/** Runs the bundle of the address. */
async function run(url: string): Promise<object> {
  const loading = PackageLoader.loadFromFile(new URL(url, location.href));
  const runner = await begun;
  const { outputs } = await runner.execute(await loading, JSON.parse(query.get('input') ?? '[]'));
  return { outputs, firstResultMs: performance.now() };
}

const result = bundle === null ? {} : await run(bundle).catch((error: unknown) => ({ error: String(error) }));
const text = document.querySelector('#result');
if (text) text.textContent = JSON.stringify(result);
Object.assign(window, {
  bare: { ...result, PackageLoader, runner: await begun, valueJson: () => import('./src/value-json.js') },
});
