/** What callers are told of manifests that are odd and of modules that hold no node. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RuntimeLoadError } from '../src/errors.js';
import type { PipelineRunner } from '../src/pipeline-runner.js';
import { calculator, chain } from './chains.js';
import { createRunner } from './runners.js';

let runner: PipelineRunner;
beforeAll(async () => {
  runner = await createRunner();
});
afterAll(() => runner.close());

test('a field that nobody knows is a warning with its place', async () => {
  const [node] = calculator.nodes;
  const manifest = chain({ ...node, id: 'n0', color: 'blue' } as object);
  const { outputs, warnings } = await runner.execute({ ...manifest, author: 'me' } as typeof manifest, [1]);
  expect(outputs).toEqual([2]);
  expect(warnings.map(({ code, path }) => [code, path])).toEqual([
    ['unknown_field', '$.author'],
    ['unknown_field', '$.nodes[0].color'],
  ]);
  expect(warnings[0]?.message).toContain('ignored');
  expect((await runner.execute(calculator, [1])).warnings).toEqual([]);
});

test('a module that exports no node fails the run with its address', async () => {
  const own = await createRunner();
  const url = new URL('nodes/nothing.mjs', import.meta.url);
  own.registerNode('EmptyNode', url);
  const failure = await own.execute(chain({ node_type: 'EmptyNode' }), 1).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RuntimeLoadError);
  expect((failure as Error).message).toBe(`${url.href} has no default export that makes a EmptyNode`);
  await own.close();
});
