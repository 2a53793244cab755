/**
 * A page that only embeds the library and runs one bundle, for measuring and for scripts:
 * `bare.html?bundle=URL&input=JSON`, by default the calculator. `window.bare` then says how many milliseconds after the
 * start of navigation the first result was there.
 */
import { Audio, PackageLoader, PipelineRunner, Tensor } from './src/index.js';

const query = new URLSearchParams(location.search);
const begun = PipelineRunner.create({ assets: { base: query.get('assets') ?? '../remotemedia/' } });

async function run(): Promise<object> {
  const bundle = new URL(query.get('bundle') ?? '../bundles/calculator.rmpkg', location.href);
  const loading = PackageLoader.loadFromFile(bundle);
  const runner = await begun;
  const { outputs } = await runner.execute(await loading, JSON.parse(query.get('input') ?? '[5, 7, 3]'));
  return { outputs, firstResultMs: performance.now() };
}

const result = await run().catch((error: unknown) => ({ error: String(error) }));
const text = document.querySelector('#result');
if (text) text.textContent = JSON.stringify(result);
const valueJson = () => import('./src/value-json.js');
const library = { Audio, PackageLoader, PipelineRunner, Tensor };
Object.assign(window, { bare: { ...result, ...library, runner: await begun, valueJson } });
