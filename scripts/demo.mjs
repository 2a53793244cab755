// Runs bundles on Chromium, Node.js and native Python, prints one JSON line for each, compares, serves the demo page.
//   usage: node scripts/demo.mjs [--once] [BUNDLE INPUT]
// INPUT is JSON, or @FILE for a list with the bytes of a WAV file. Exit code 1 if hosts differ or fail, 2 for bad usage.
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { difference } from './compare-json.mjs';
import { bundleName, checkBuilt, exampleRuns, hosts, serveSite } from './hosts.mjs';

const { once, runs } = await readArguments();
const isSame = await runAll(runs);
process.exitCode = isSame ? 0 : 1;
if (!once) {
  const site = await serveSite({}, 4173).catch(() => serveSite());
  console.log(`the demo page is at ${site.url} (Ctrl-C ends it)`);
}

async function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { once: { type: 'boolean' } },
    });
    await checkBuilt();
    if (positionals.length === 2)
      return { once: values.once, runs: [{ bundle: positionals[0], input: positionals[1] }] };
    if (positionals.length > 0) throw new Error('usage: demo [--once] [BUNDLE INPUT]');
    const files = await readdir(fileURLToPath(new URL('../dist/bundles', import.meta.url)));
    return { once: values.once, runs: await exampleRuns(files.sort().map(bundleName)) };
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

async function runAll(runs) {
  const started = [];
  try {
    for (const [name, start] of Object.entries(hosts)) started.push({ name, host: await start() });
    let isSame = true;
    for (const run of runs) isSame = (await runEverywhere(run, started)) && isSame;
    if (isSame) console.log(`identical on: ${started.map(({ name }) => name).join(', ')}`);
    return isSame;
  } finally {
    for (const { host } of started) await host.close();
  }
}

/** Runs one bundle on every host. Returns whether all succeed and give the same. */
async function runEverywhere({ bundle, input }, started) {
  const results = [];
  for (const { name, host } of started) {
    const result = await host.run(bundle, input);
    console.log(JSON.stringify({ bundle: bundleName(bundle), host: name, ...result }));
    results.push({ name, ...result });
  }
  const [first, ...others] = results;
  let isSame = results.every(({ error }) => !error);
  if (!isSame) console.log(`${bundleName(bundle)}: failed on ${failedOn(results).join(', ')}`);
  for (const { name, outputs } of others) {
    const where = isSame && difference(first.outputs, outputs);
    if (!where) continue;
    console.log(`${bundleName(bundle)}: ${first.name} and ${name} differ at ${where}`);
    isSame = false;
  }
  return isSame;
}

function failedOn(results) {
  return results.filter(({ error }) => error).map(({ name }) => name);
}
