/** Bundles the scripts that measure the engine itself, and makes a row of what bench/hop.ts measures. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { median } from './statistics.mjs';

/** Bundles bench/hop.ts or bench/planning.ts for pages and for Node.js; gives the file's URL. */
export async function bundle(name) {
  const dir = resolve('.cache/bench');
  const build = await rolldown({
    input: { [name]: `bench/${name}.ts` },
    platform: 'browser',
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  });
  await build.write({ dir, format: 'esm' });
  await build.close();
  return pathToFileURL(`${dir}/${name}.js`).href;
}

/** Size in MB, tensors per packet (the runner cuts batches at 4 MiB), most that the ratio may be. */
export const hopSizes = [
  [1, 4, 1.7],
  [1, 1, null],
  [16, 1, 1.3],
];

/** The row of the pairs of one tensor size. */
export function hopOf(pairs, megabytes, together, bar) {
  return {
    name: `Rust → Python, ${megabytes} MB f32, ${together} in a packet / TypedArray.set`,
    unit: 'µs',
    value: median(pairs.map((pair) => pair.hopUs)),
    reference: median(pairs.map((pair) => pair.copyUs)),
    // Hop and copy stand beside each other in time, so the ratio of each pair is taken first.
    ratio: median(pairs.map((pair) => pair.hopUs / pair.copyUs)),
    bar,
  };
}
