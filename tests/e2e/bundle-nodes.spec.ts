/** Bundles with Python nodes of their own in Chromium: the same as natively, in the worker and in the sandbox. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { bundleFile } from '../../web/tests/bundles.js';
import { chain } from '../../web/tests/chains.js';
import { open } from './bundle-runs.js';
import { expect, test } from './site.js';

const kinds: readonly [type: string, input: unknown[]][] = [
  ['ClampNode', [-1, 0.5, 7]],
  ['ShiftNode', [1, 2]],
  ['TableNode', [2, 1]],
  ['SumNode', [1, 2, 3]],
  ['LaterNode', [1, 'x']],
  ['CountdownNode', [2, 0, 3]],
  ['MeanNode', [[1, 2, 6], [0.1]]],
];

/** The same bundle in native Python. */
function natively(node: string, input: unknown[]): unknown[] {
  mkdirSync('.cache/e2e-nodes', { recursive: true });
  const file = `.cache/e2e-nodes/${node}.rmpkg`;
  writeFileSync(file, bundleFile(chain({ node_type: node })));
  const args = ['-m', 'remotemedia.cli', 'run', file, JSON.stringify(input), '--trust', '--json'];
  return JSON.parse(execFileSync('.venv/bin/python', args, { encoding: 'utf8' })).outputs;
}

for (const untrusted of ['allow', 'sandbox'] as const) {
  test(`${untrusted}: nodes of every kind give what they give natively`, async ({ page, siteUrl }) => {
    const run = await open(page, siteUrl, untrusted);
    for (const [type, input] of kinds) {
      expect(await run(type, input), type).toEqual({ outputs: natively(type, input) });
    }
  });

  test(`${untrusted}: what goes wrong in a node is told with file and line, and files stay as they are`, async ({
    page,
    siteUrl,
  }) => {
    const run = await open(page, siteUrl, untrusted);
    const { error } = await run('RaiseNode', [1]);
    expect(error).toMatchObject({ name: 'NodeError', code: 'node_error' });
    expect(error?.traceback).toMatch(
      /nodes\/kit\.py", line 92, in process[\s\S]*nodes\/kit\.py", line 96, in helper/,
    );
    const attempts = ['change', 'remove', 'source', 'new', 'folder', 'rename'];
    expect(await run('WriteNode', attempts)).toEqual({ outputs: attempts.map(() => 'PermissionError') });
  });

  test(`${untrusted}: an endless node is ended, and the bundle runs again`, async ({ page, siteUrl }) => {
    const run = await open(page, siteUrl, untrusted);
    expect(await run('LoopNode', [1])).toEqual({ outputs: [1] });
    expect((await run('LoopNode', ['loop'], { abortMs: 300 })).error?.name).toBe('CancelledError');
    expect(await run('LoopNode', [2])).toEqual({ outputs: [2] });
  });

  test(`${untrusted}: bundles with modules of the same name do not meet`, async ({ page, siteUrl }) => {
    const run = await open(page, siteUrl, untrusted);
    const other = { files: { 'nodes/shared.py': 'offset = -1\n' } };
    expect(await run('ShiftNode', [1])).toEqual({ outputs: [101] });
    expect(await run('ShiftNode', [1], { contents: other })).toEqual({ outputs: [0] });
    expect(await run('ShiftNode', [1])).toEqual({ outputs: [101] });
    const text = await run(chain({ node_type: 'TextProcessorNode' }), ['a']);
    expect(text.outputs).toMatchObject([{ original_text: 'a' }]);
  });
}

test('what nobody vouches for can be refused, and origins have to be granted', async ({ page, siteUrl }) => {
  const run = await open(page, siteUrl, 'refuse');
  expect((await run('ShiftNode', [1])).error).toMatchObject({
    name: 'CapabilityError',
    code: 'untrusted_code',
  });
  const contents = { network: ['https://a.example'] };
  const allowing = await open(page, siteUrl, 'allow');
  const missing = (await allowing('ShiftNode', [1], { contents })).error;
  expect(missing).toMatchObject({ name: 'CapabilityError', code: 'not_granted' });
  expect(missing?.message).toContain('https://a.example');
  const granted = await allowing('ShiftNode', [1], { contents, grant: contents.network });
  expect(granted).toEqual({ outputs: [101] });
});
