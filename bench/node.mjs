/** Measures in Node.js: starts in fresh processes, flows in this one. */
import { execFileSync } from 'node:child_process';
import { bundle, hopOf, hopSizes } from './hop.mjs';
import { planningRows, streamRows } from './rows.mjs';
import { median, repeat } from './statistics.mjs';
import { workloads } from './streams.mjs';
import { scalars } from './workloads.mjs';

const library = new URL('../dist/lib/index.js', import.meta.url).href;
const assets = new URL('../dist/remotemedia/', import.meta.url);
const pyodide = new URL('pyodide/', assets).pathname;

/** All rows of this host. */
export async function measureNode(progress) {
  progress('Node.js: start');
  const rows = await starts();
  progress('Node.js: items and hops');
  rows.push(...(await flows()));
  return rows.map((row) => ({ host: `node ${process.versions.node}`, ...row }));
}

/** Milliseconds that a fresh process says its program took. */
function timed(program) {
  const code = `const begun = performance.now(); ${program} console.log(performance.now() - begun); process.exit(0);`;
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }));
}

function execution(bundle, input) {
  const file = new URL(`../dist/bundles/${bundle}.rmpkg`, import.meta.url).href;
  return `const { PackageLoader, PipelineRunner } = await import('${library}');
    const runner = await PipelineRunner.create();
    await runner.execute(await PackageLoader.loadFromFile(new URL('${file}')), ${input});`;
}

async function starts() {
  const programs = {
    calculator: execution('calculator', '[5, 7, 3]'),
    text: execution('text-processor', '[{ text: "Hello WASM", operations: ["uppercase"] }]'),
    reference: `const { loadPyodide } = await import('file://${pyodide}pyodide.mjs'); await loadPyodide({ indexURL: '${pyodide}' });`,
  };
  const times = { calculator: [], text: [], reference: [] };
  await repeat(5, () => {
    for (const [name, program] of Object.entries(programs)) times[name].push(timed(program));
  });
  const reference = median(times.reference);
  const row = (name, value) => ({ name, unit: 'ms', value, reference, ratio: value / reference, bar: null });
  return [
    row('first calculator result / loadPyodide', median(times.calculator)),
    row('first text result in Python / loadPyodide', median(times.text)),
  ];
}

async function flows() {
  const { PipelineRunner } = await import(library);
  const runner = await PipelineRunner.create();
  const rows = [];
  for (const runtime of ['rust', 'python']) {
    const name = `10,000 numbers, Multiply → Add in ${runtime}, per item and node`;
    const value = median(await scalars(runner, runtime, 15));
    rows.push({ name, unit: 'µs', value, reference: null, ratio: null, bar: null });
  }
  rows.push(...(await streamRows((name, ...args) => workloads[name](runner, ...args))));
  await runner.close();
  const { preparePlanning } = await import(await bundle('planning'));
  const planning = await preparePlanning(
    new URL('runtime.wasm', assets).href,
    new URL('pyodide/', assets).href,
  );
  rows.push(...(await planningRows(planning)));
  const { prepare } = await import(await bundle('hop'));
  const hop = await prepare(new URL('runtime.wasm', assets).href, new URL('pyodide/', assets).href);
  for (const [megabytes, together] of hopSizes) {
    rows.push(hopOf(hop(megabytes, together, 64 / megabytes, 25), megabytes, together, null));
  }
  return rows;
}
