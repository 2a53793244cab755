/**
 * Loads every case to be refused that tests/hostile/write.mjs wrote and prints, as JSON, what was said wrongly of them and the refused one that took the
 * most memory beside its own bytes. Linux only.
 *
 *     node --expose-gc tests/hostile/measure.mjs FOLDER
 */
import { readFileSync, writeFileSync } from 'node:fs';

const folder = process.argv[2];
const { PackageLoader, verdict } = await import(`${folder}/library.mjs`);
const cases = JSON.parse(readFileSync(`${folder}/index.json`, 'utf8')).filter((entry) => 'code' in entry);

/** A line of /proc/self/status, in bytes. */
function memory(field) {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line[1]) * 1024;
}

async function measure({ file, options }) {
  const bytes = new Uint8Array(readFileSync(`${folder}/${file}`));
  globalThis.gc();
  writeFileSync('/proc/self/clear_refs', '5'); // the peak starts anew
  const before = memory('VmRSS');
  const { code } = await verdict(PackageLoader, bytes, options);
  return { code, growth: memory('VmHWM') - before };
}

const wrong = [];
let worst = { name: '', growth: 0 };
for (const entry of cases.filter(({ code }) => code === null).slice(0, 20)) await measure(entry);
for (const entry of cases.filter(({ code }) => code !== null)) {
  const { code, growth } = await measure(entry);
  if (code !== entry.code) wrong.push(`${entry.name}: ${code} instead of ${entry.code}`);
  if (growth > worst.growth) worst = { name: entry.name, growth };
}
process.stdout.write(JSON.stringify({ count: cases.length, wrong, worst }));
