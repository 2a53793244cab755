/**
 * Measures what the project promises, always together with what it is compared with, and prints a table.
 *   usage: node bench/run.mjs [--json FILE]
 * `bar` is the most that the ratio (or, without a reference, the value) may be. The exit code does not depend on it: a
 * busy machine is no failure.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureChromium } from './chromium.mjs';
import { measureNative } from './native.mjs';
import { measureNode } from './node.mjs';

const { values } = parseArgs({ options: { json: { type: 'string' } } });
const file = values.json && resolve(values.json);
process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const progress = (what) => console.error(`bench: ${what}`);
const rows = [
  ...(await measureChromium(progress)),
  ...(await measureNode(progress)),
  ...(await measureNative(progress)),
];
for (const row of rows) row.met = row.bar === null ? null : (row.ratio ?? row.value) <= row.bar;
console.table(
  rows.map(({ host, name, unit, value, reference, ratio, bar, met }) => ({
    host,
    name,
    value: `${round(value)} ${unit}`,
    reference: reference === null ? '' : round(reference),
    ratio: ratio === null ? '' : round(ratio),
    bar: bar ?? '',
    met: met ?? '',
  })),
);
if (file) writeFileSync(file, `${JSON.stringify(rows, null, 2)}\n`);

function round(number) {
  return Number(number.toPrecision(3));
}
