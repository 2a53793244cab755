/** What nodes print, and what they print it to. */
import { afterEach, expect, test, vi } from 'vitest';
import { bundle, entry } from './bundles.js';
import { chain } from './chains.js';
import { createRunner } from './runners.js';

afterEach(() => vi.restoreAllMocks());

const source = `
import sys
from remotemedia import Node

class TalkNode(Node):
    def process(self, item):
        print("said", item)
        print("warned of", item, file=sys.stderr)
        return item
`;
const talking = bundle(chain({ node_type: 'TalkNode' }), {
  entries: [entry('TalkNode', { module: 'nodes.talk' })],
  files: { 'nodes/talk.py': source },
});

test('goes to the console unless somebody listens', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const runner = await createRunner({ untrusted: 'allow' });
  expect((await runner.execute(await talking, [1])).outputs).toEqual([1]);
  await runner.close();
  expect(log.mock.calls).toEqual([['said 1']]);
  expect(warn.mock.calls).toEqual([['warned of 1']]);
});

test('a listener that throws ends the run, and only that', async () => {
  const heard: string[] = [];
  const onOutput = (stream: string, text: string) => {
    heard.push(`${stream}: ${text}`);
    if (text === 'said 1') throw new Error('heard enough');
  };
  const runner = await createRunner({ untrusted: 'allow', onOutput });
  const pkg = await talking;
  await expect(runner.execute(pkg, [1])).rejects.toThrow('heard enough');
  expect((await runner.execute(pkg, [2])).outputs).toEqual([2]);
  await runner.close();
  expect(heard).toContain('stdout: said 2');
});
