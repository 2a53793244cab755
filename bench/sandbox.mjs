/** What the sandbox for bundles that are not trusted costs, against the plain worker, in turns. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { median } from './statistics.mjs';

const file = '.cache/bench/own-node.rmpkg';

/** Rows of starts and of arrays that go in and come out. `page` has the library as `window.bare`. */
export async function sandboxRows(page, assets, repetitions = 7) {
  execFileSync('.venv/bin/python', ['-m', 'remotemedia.cli', 'pack', 'bench/pages/own-node', '-o', file]);
  const times = await page.evaluate(`(${measure})(window.bare, ${JSON.stringify(assets)},
    [${readFileSync(file).join()}], ${repetitions})`);
  const row = (name, key, bar) => {
    const [value, reference] = [median(times.sandbox[key]), median(times.allow[key])];
    return { name, unit: 'ms', value, reference, ratio: value / reference, bar };
  };
  return [
    row('sandbox: runner to first result of a Python node of a bundle / in the plain worker', 'start', null),
    row('sandbox: 1 MB to that node and back / in the plain worker', 'echo', null),
  ];
}

/** Runs in the page. */
async function measure({ PackageLoader, PipelineRunner, Tensor }, assets, bytes, repetitions) {
  const pkg = await PackageLoader.loadFromFile(new Uint8Array(bytes));
  const times = { sandbox: { start: [], echo: [] }, allow: { start: [], echo: [] } };
  const once = async (untrusted, keep) => {
    const begun = performance.now();
    const runner = new PipelineRunner({ untrusted, assets });
    await runner.execute(pkg, [1]);
    const start = performance.now() - begun;
    for (let k = -3; k < 15; k++) {
      const tensor = new Tensor('u8', [1 << 20], new Uint8Array(1 << 20));
      const sent = performance.now();
      const { outputs } = await runner.execute(pkg, [tensor], { transfer: true });
      if (keep && k >= 0) times[untrusted].echo.push(performance.now() - sent);
      if (outputs[0].data.length !== 1 << 20) throw new Error('wrong output');
    }
    if (keep) times[untrusted].start.push(start);
    await runner.close();
  };
  // The first fill the HTTP cache.
  for (let k = -1; k < repetitions; k++)
    for (const untrusted of ['sandbox', 'allow']) await once(untrusted, k >= 0);
  return times;
}
