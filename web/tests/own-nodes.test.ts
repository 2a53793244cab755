/** Nodes on the page when the code that runs them cannot be loaded, as without a network, and then it can. */
import { expect, test, vi } from 'vitest';
import { RuntimeLoadError } from '../src/errors.js';
import { chain } from './chains.js';
import { createRunner } from './runners.js';

test('a run fails, and the next one loads it', async () => {
  vi.doMock('../src/worker/page-nodes.js', () => {
    throw new Error('offline');
  });
  const runner = await createRunner();
  runner.registerNode('DoubleNode', () => ({ process: (item) => 2 * (item as number) }));
  const manifest = chain({ node_type: 'DoubleNode' });
  const failure = await runner.execute(manifest, [1]).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RuntimeLoadError);
  expect((failure as Error).message).toContain('nodes of this page cannot run');

  vi.doUnmock('../src/worker/page-nodes.js');
  expect((await runner.execute(manifest, [1])).outputs).toEqual([2]);
  await runner.close();
});
