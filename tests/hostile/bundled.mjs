/** The corpus and the loader as they stand in the sources, for programs that read no TypeScript. */
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/** Bundles a module of this folder into one file of `folder`, and imports it. */
export async function bundled(name, folder) {
  const bundle = await rolldown({
    input: fileURLToPath(new URL(name, import.meta.url)),
    platform: 'node',
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  });
  const file = `${folder}/${name.replace(/ts$/, 'mjs')}`;
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  await bundle.close();
  return import(file);
}
