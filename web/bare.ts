/**
 * A page that only embeds the library: `bare.html?bundle=../bundles/calculator.rmpkg&input=[5,7,3]`. The time from the start
 * of navigation to the first result is left in `window.bare`.
 */
import { PackageLoader, PipelineRunner, Tensor } from './src/index.js';

const query = new URLSearchParams(location.search);
const started = PipelineRunner.create({ assets: { base: query.get('assets') ?? '../remotemedia/' } });
const bundle = PackageLoader.loadFromFile(
  new URL(query.get('bundle') ?? '../bundles/calculator.rmpkg', location.href),
);
const runner = await started;
const { outputs } = await runner.execute(await bundle, JSON.parse(query.get('input') ?? '[5, 7, 3]'));
const text = document.querySelector('#result');
if (text) text.textContent = JSON.stringify(outputs);
Object.assign(window, { bare: { runner, PackageLoader, Tensor, outputs, firstResultMs: performance.now() } });
