/** Many items of 64 KB audio through Rust → Python → Rust: after a warm-up nothing grows. */
import type { CDPSession, Page } from '@playwright/test';
import { openEmbedding } from './embed.js';
import { expect, test } from './site.js';
import { workerHeaps } from './worker-heaps.js';

const items = process.env.REMOTEMEDIA_LONG === undefined ? 5_000 : 100_000;
const slices = 10;
/** What the garbage collector leaves lying about, in bytes; a leak of one item in a hundred is more. */
const noise = 3 * 2 ** 20;

interface Memory {
  /** Linear memories of both runtimes. */
  wasm: number;
  /** JavaScript heaps with what array buffers hold. */
  page: number;
  workers: number;
  workerCount: number;
}

test(`${items} items`, async ({ page, siteUrl }) => {
  test.setTimeout(7_200_000);
  await openEmbedding(page, siteUrl);
  const session = await page.context().newCDPSession(page);
  const workers = await workerHeaps(session);
  const seen: Memory[] = [];
  for (let slice = 0; slice < slices; slice++) {
    const { wasm, delivered } = await stream(page, items / slices);
    expect(delivered).toBe(items / slices);
    const heaps = await workers();
    seen.push({
      wasm,
      page: await pageHeap(session),
      workers: heaps.reduce((sum, bytes) => sum + bytes, 0),
      workerCount: page.workers().length,
    });
  }
  console.log(seen.map((memory) => JSON.stringify(memory)).join('\n'));
  const [, warm, ...later] = seen;
  expect(warm?.workerCount).toBeGreaterThan(0);
  expect(warm?.workers).toBeGreaterThan(0);
  for (const kind of ['wasm', 'page', 'workers', 'workerCount'] as const) {
    const growth = Math.max(...later.map((memory) => memory[kind])) - (warm?.[kind] ?? 0);
    expect(growth, `${kind}: ${seen.map((memory) => memory[kind])}`).toBeLessThan(
      kind === 'workerCount' ? 1 : noise,
    );
  }
});

/** Streams items through one runner; the runtimes stay loaded from slice to slice. */
function stream(page: Page, count: number): Promise<{ delivered: number; wasm: number }> {
  return page.evaluate(async (count) => {
    const { library, runner } = window as unknown as import('./embed.js').Embedding;
    const node = (id: string, node_type: string, runtime_hint: 'rust' | 'python') => ({
      id,
      node_type,
      runtime_hint,
    });
    const nodes = [
      node('first', 'VADNode', 'rust'),
      node('middle', 'PassThroughNode', 'python'),
      node('last', 'CounterNode', 'rust'),
    ];
    const connections = [
      { from: 'first', to: 'middle' },
      { from: 'middle', to: 'last' },
    ];
    function* chunks() {
      for (let k = 0; k < count; k++) {
        yield new library.Audio([new Float32Array(16_384).fill((k % 10) / 10)], 48_000, null);
      }
    }
    const run = runner.stream({ version: 'v1', nodes, connections }, chunks(), { enableMetrics: true });
    let delivered = 0;
    for await (const { item } of run) {
      delivered++;
      const { count: number } = item as { count: number };
      if (number !== delivered) throw new Error(`item ${delivered} is ${number}`);
    }
    const { metrics } = await run.result;
    return { delivered, wasm: metrics?.peak_memory_bytes ?? 0 };
  }, count);
}

async function pageHeap(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage');
  return usedSize + backingStorageSize;
}
