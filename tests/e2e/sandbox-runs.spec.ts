/** Runs in the sandbox are like runs in the worker: results, arrays, nodes of the page, streams, granted origins. */
import { test as base, expect, type Page } from '@playwright/test';
import { escapeBundle } from './sandbox/bundle.js';
import { type Embedding, openPage, run } from './sandbox/embed.js';
import { foreignServer, marker, pageServer, type Recorder } from './sandbox/servers.js';

const test = base.extend<{ own: Recorder; foreign: Recorder; page: Page }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the needed fixtures from this pattern
  own: async ({}, use) => {
    const server = await pageServer();
    await use(server);
    await server.close();
  },
  // biome-ignore lint/correctness/noEmptyPattern: the same
  foreign: async ({}, use) => {
    const server = await foreignServer();
    await use(server);
    await server.close();
  },
  page: async ({ page, own }, use) => {
    await openPage(page, own.url);
    await use(page);
  },
});

test('numpy gives the same as in the worker, and arrays are moved', async ({ page }) => {
  const bundle = escapeBundle('MeanNode');
  const results = await page.evaluate(async (bytes) => {
    const { library } = window as Embedding;
    const pkg = await library.PackageLoader.loadFromFile(new Uint8Array(bytes));
    const results = [];
    for (const untrusted of ['sandbox', 'allow'] as const) {
      const runner = new library.PipelineRunner({ untrusted });
      const data = Float32Array.from({ length: 1 << 20 }, (_, index) => Math.sin(index));
      const tensor = new library.Tensor('f32', [1 << 20], data);
      const { outputs } = await runner.execute(pkg, [tensor], { transfer: true });
      const [{ double, mean }] = outputs as unknown as [{ double: { data: Float32Array }; mean: number }];
      const digest = await crypto.subtle.digest('SHA-256', double.data as Float32Array<ArrayBuffer>);
      results.push({ mean, left: data.length, size: double.data.length, hash: [...new Uint8Array(digest)] });
      await runner.close();
    }
    return results;
  }, bundle);
  const [sandbox, worker] = results;
  expect(sandbox).toEqual(worker);
  expect(sandbox).toMatchObject({ left: 0, size: 1 << 20 });
});

test('nodes of the page, built-in nodes and streams', async ({ page }) => {
  const after = [
    { id: 'page', node_type: 'PageNode' },
    { id: 'rust', node_type: 'MultiplyNode' },
  ];
  const result = await page.evaluate(
    async (bytes) => {
      const { library } = window as Embedding;
      const pkg = await library.PackageLoader.loadFromFile(new Uint8Array(bytes));
      const runner = new library.PipelineRunner();
      runner.registerNode('PageNode', () => ({ process: (item: unknown) => (item as number) + 1 }));
      const phases = new Set<string>();
      const onProgress = ({ phase }: { phase: string }) => void phases.add(phase);
      const { outputs, metrics } = await runner.execute(pkg, [1, 2, 3], { onProgress, enableMetrics: true });
      const streamed: unknown[] = [];
      async function* numbers() {
        for (let k = 0; k < 100; k++) yield k;
      }
      for await (const { item } of runner.stream(pkg, numbers())) streamed.push(item);
      const origins = performance.getEntriesByType('resource').map(({ name }) => name);
      await runner.close();
      const nodes = metrics?.node_metrics.map(({ node_id, runtime }) => [node_id, runtime]);
      return {
        outputs,
        streamed,
        nodes,
        phases: [...phases],
        frames: document.querySelectorAll('iframe').length,
        origins,
      };
    },
    escapeBundle('EchoedNode', { after }),
  );
  expect(result.outputs).toEqual([4, 6, 8]);
  expect(result.streamed).toEqual(Array.from({ length: 100 }, (_, k) => 2 * (k + 1)));
  expect(result.nodes).toEqual([
    ['own', 'python'],
    ['page', 'js'],
    ['rust', 'rust'],
  ]);
  expect(result.phases).toEqual(expect.arrayContaining(['load-pyodide', 'run']));
  expect(result.frames).toBe(0); // closed: nothing is left in the page
});

test('an origin that was granted can be reached, others cannot', async ({ page, own, foreign }) => {
  const other = await foreignServer();
  const bundle = escapeBundle('FetchNode', { network: [foreign.url] });
  const seen: string[] = [];
  page.context().on('request', (request) => seen.push(request.url()));
  for (const how of ['fetch', 'pyfetch', 'open_url']) {
    const reached = await run(page, {
      bundle,
      items: [[how, `${foreign.url}/${marker}${how}`]],
      grant: [foreign.url],
    });
    expect(reached).toMatchObject({ error: null, outputs: ['/* out */'] });
    for (const { url } of [other, own]) {
      const items = [[how, `${url}/${marker}${how}`]];
      const refused = await run(page, { bundle, items, grant: [foreign.url] });
      expect(refused.error).toMatchObject({ name: 'NodeError' });
      if (how !== 'open_url') expect(refused.error?.message).toContain(`the bundle may not reach ${url}`);
    }
  }
  const ungranted = await run(page, { bundle, items: [['fetch', foreign.url]] });
  expect(ungranted.error).toMatchObject({ name: 'CapabilityError', code: 'not_granted' });
  expect(foreign.requests).toEqual([
    `GET /${marker}fetch`,
    `GET /${marker}pyfetch`,
    `GET /${marker}open_url`,
  ]);
  expect([...other.requests, ...own.requests.filter((line) => line.includes(marker))]).toEqual([]);
  // The browser's log has what happens in the sandbox.
  expect(seen.filter((url) => url === `${foreign.url}/${marker}pyfetch`)).toHaveLength(1);
  await other.close();
});

test('what keeps a sandbox from starting is told', async ({ page }) => {
  const bundle = escapeBundle('EchoedNode');
  const missing = await run(page, { bundle, items: [1], sandbox: 'nowhere.js' });
  expect(missing.error).toMatchObject({ name: 'RuntimeLoadError' });
  expect(missing.error?.message).toContain('nowhere.js: HTTP status 404');
  const broken = await run(page, { bundle, items: [1], sandbox: 'broken-worker.js' });
  expect(broken.error).toMatchObject({ name: 'RuntimeLoadError', code: 'worker_died' });
  expect(broken.error?.message).toContain('broken on purpose');
  const old = await run(page, { bundle, items: [1], sandbox: 'old-worker.js' });
  expect(old.error?.message).toContain('old-worker.js is of version 0.0.1, not ');
});
