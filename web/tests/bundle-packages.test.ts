/** Python packages that the page names for nodes of bundles, as wheels, in a real Pyodide in a worker thread. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';
import { RuntimeLoadError } from '../src/errors.js';
import { PackageLoader } from '../src/package-loader.js';
import type { PipelineRunner } from '../src/pipeline-runner.js';
import { greetingFile, greetingWheel } from './bundles.js';
import { createRunner } from './runners.js';

// A name that has to be escaped in URLs.
const folder = join(mkdtempSync(join(tmpdir(), 'remotemedia-')), 'of wheels');
mkdirSync(folder);
const wheel = join(folder, 'greeting_kit-1.2-py3-none-any.whl');
writeFileSync(wheel, greetingWheel);
afterAll(() => rmSync(folder, { recursive: true }));

const url = pathToFileURL(wheel);
let runner: PipelineRunner;
afterEach(() => runner.close());

/** What a node says that requires a package, in a runner that has these. */
async function greeted(requirement: string, packages: Record<string, string | URL>): Promise<unknown> {
  runner = await createRunner({ untrusted: 'allow', packages });
  const pkg = await PackageLoader.loadFromFile(greetingFile(requirement));
  return runner.execute(pkg, ['you']).then(
    ({ outputs }) => outputs,
    (error: unknown) => error,
  );
}

test.each(['greeting_kit', 'Greeting.Kit>=1,<2'])('a node that requires %s gets the wheel', async (name) => {
  expect(await greeted(name, { 'greeting-kit': url })).toEqual(['hello you']);
});

test('one that comes when Python runs already, once', async () => {
  runner = await createRunner({ untrusted: 'allow', packages: { 'greeting-kit': url.href } });
  await runner.loadPyodideRuntime();
  const pkg = await PackageLoader.loadFromFile(greetingFile('greeting-kit'));
  const phases: string[] = [];
  for (let run = 0; run < 2; run++)
    await runner.execute(pkg, ['you'], { onProgress: ({ phase }) => void phases.push(phase) });
  expect(phases.filter((phase) => phase === 'load-packages')).toHaveLength(2); // begin and end
});

test('a wheel of another version is no substitute', async () => {
  const error = await greeted('greeting-kit>=2', { 'greeting-kit': url });
  expect(error).toBeInstanceOf(RuntimeLoadError);
  expect((error as Error).message).toMatch(/needs greeting-kit>=2, there is greeting-kit 1\.2/);
});

test.each<[string, string, Record<string, string | URL>, RegExp]>([
  ['is not named', 'greeting-kit', {}, /greeting-kit/],
  ['has another name', 'greeting-kit', { 'greeting-kit-2': url }, /greeting-kit/],
  ['is not what its URL says', 'other', { other: url }, /packages\.other is no URL of a wheel/],
  ['is no wheel', 'other', { other: 'file:///other-1.tar.gz' }, /packages\.other is no URL of a wheel/],
  ['is not there', 'other', { other: 'file:///other-1-py3-none-any.whl' }, /packages other cannot be loaded/],
  ['is a file', wheel.replace(/.*\//, ''), {}, /is not the name of a package/],
])('a package that %s is an error', async (_, requirement, packages, message) => {
  const error = await greeted(requirement, packages);
  expect(error).toBeInstanceOf(RuntimeLoadError);
  expect((error as Error).message).toMatch(message);
});
