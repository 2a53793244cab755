/** The corpus of tests/hostile, and random changes of good bundles; py/tests/native/test_hostile.py shows the same of Python. */
import { describe, expect, test, vi } from 'vitest';
import { withManifest } from '../../tests/hostile/case.js';
import { cases } from '../../tests/hostile/corpus.js';
import { verdict } from '../../tests/hostile/verdict.js';
import { PackageError } from '../src/errors.js';
import { PackageLoader } from '../src/package-loader.js';
import { fc } from './arbitraries.js';

test('the corpus is as large as it should be, and every case has a name of its own', () => {
  expect(cases.filter(({ code }) => code !== null).length).toBeGreaterThan(250);
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
});

describe('in Node.js', () => {
  test.each(cases)('$name', async ({ bytes, code, options, trust }) => {
    const found = await verdict(PackageLoader, await bytes(), options);
    expect(found.code).toBe(code);
    if (code === null) expect(found.trust).toBe(trust);
  });
});

describe('with what a browser has', () => {
  // Node.js 20 accepts bytes after the end of a deflate stream, unlike browsers.
  const unlike = ['bytes after deflate', 'another deflate stream after the first', 'large, and bytes follow'];
  test.each(cases.filter(({ name }) => !unlike.includes(name)))('$name', async ({ bytes, code, options }) => {
    const content = await bytes();
    const builtin = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    const found = await verdict(PackageLoader, content, options).finally(() => builtin.mockRestore());
    expect(found.code).toBe(code);
  });
});

test('any changed byte gives a bundle or PackageError', async () => {
  const bundle = withManifest({ name: 'assets/text.txt', content: 'hello' });
  await fc.assert(
    fc.asyncProperty(fc.nat(bundle.length - 1), fc.nat(255), async (at, byte) => {
      const broken = bundle.slice();
      broken[at] = byte;
      await PackageLoader.load(broken).catch((error: unknown) => expect(error).toBeInstanceOf(PackageError));
    }),
    { numRuns: 500 },
  );
});
