/**
 * Writes the corpus, and random changes of its good bundles, into a folder: `index.json` is a list of
 * `{name, file, code, trust, options, verdict}`; `code` is what must be said, `verdict` what the TypeScript loader says (of
 * changes only). For loaders in other languages.
 *
 *     node tests/hostile/write.mjs FOLDER [CHANGES [SEED]]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { bundled } from './bundled.mjs';

const [folder = '.cache/hostile', changes = '300', seed = '1'] = process.argv.slice(2);
const target = resolve(folder);
mkdirSync(target, { recursive: true });
const { cases, changed, PackageLoader, verdict } = await bundled('library.ts', target);

const index = [];
function write(entry, bytes) {
  const file = `${index.length}.rmpkg`;
  writeFileSync(`${target}/${file}`, bytes);
  index.push({ ...entry, file });
}
for (const { name, code, trust, options, bytes } of cases)
  write({ name, code, trust, options }, await bytes());
for (const { name, bytes, options } of await changed(Number(changes), Number(seed))) {
  write({ name, options, verdict: await verdict(PackageLoader, bytes, options) }, bytes);
}
writeFileSync(`${target}/index.json`, JSON.stringify(index));
