/** Bundles bench/hop.ts, and makes a row of what it measures. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { median } from './statistics.mjs';

const file = resolve('.cache/bench/hop.js');

/** Bundles it for pages and for Node.js; gives the file's URL. */
export async function buildHop() {
  const bundle = await rolldown({
    input: 'bench/hop.ts',
    platform: 'browser',
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  });
  await bundle.write({ file, format: 'esm' });
  await bundle.close();
  return pathToFileURL(file).href;
}

/** The row of the pairs of one tensor size. */
export function hopOf(pairs, megabytes, bar) {
  return {
    name: `Rust → Python, ${megabytes} MB f32 / TypedArray.set`,
    unit: 'µs',
    value: median(pairs.map((pair) => pair.hopUs)),
    reference: median(pairs.map((pair) => pair.copyUs)),
    // Hop and copy stand beside each other in time, so the ratio of each pair is taken first.
    ratio: median(pairs.map((pair) => pair.hopUs / pair.copyUs)),
    bar,
  };
}
