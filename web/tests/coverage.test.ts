/** What the tests' own measure of coverage says of a script that was built, with lines that run and lines that do not. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, expect, test } from 'vitest';
import { SourceFiles } from '../../scripts/test.d/coverage-sources.mjs';

const source = `
interface Shape { readonly sides: number }
const runs = (shape: Shape): string => {
  if (shape.sides < 3) return 'missed: too few';
  if (shape.sides === 4) return 'ran: four';
  return 'missed: other';
};
function neverCalled(): string {
  return 'missed: never called';
}
class Holder {
  private readonly name = 'ran: field';
  get unread(): string { return 'missed: getter' + this.name; }
  read(): string {
    try {
      throw new Error('ran: thrown');
    } catch {
      return 'ran: caught';
    }
  }
}
const short = runs({ sides: 4 }) === '' ? 'missed: choice' : 'ran: choice';
const late = short && (() => 'missed: callback');
console.log(new Holder().read(), late, process.argv.length > 9 ? [neverCalled, new Holder().unread] : 0);
`;

const root = mkdtempSync(join(tmpdir(), 'coverage-'));
afterAll(() => rmSync(root, { recursive: true }));

test.each([false, true])('minified: %s', async (minify) => {
  mkdirSync(join(root, 'web/src'), { recursive: true });
  writeFileSync(join(root, 'web/src/shapes.ts'), source);
  const bundle = await rolldown({ input: join(root, 'web/src/shapes.ts'), treeshake: false });
  const built = join(root, `dist/shapes-${minify}.mjs`);
  await bundle.write({ file: built, sourcemap: true, minify });
  await bundle.close();
  const reports = join(root, `reports-${minify}`);
  execFileSync('node', [built], { env: { ...process.env, NODE_V8_COVERAGE: reports } });

  const sources = new SourceFiles(root);
  for (const name of readdirSync(reports)) {
    const { result } = JSON.parse(readFileSync(join(reports, name), 'utf8'));
    for (const { url, functions } of result) {
      if (url.startsWith('file:')) sources.add(fileURLToPath(url), functions);
    }
  }
  const file = sources.file('web/src/shapes.ts');
  const marks = [...source.matchAll(/'(ran|missed): [^']*'/g)];
  expect(marks.length).toBe(11);
  const wrong = marks.filter(
    ({ 0: text, 1: kind, index }) => file.ranWithin(index, index + text.length) !== (kind === 'ran'),
  );
  expect(wrong.map(([text]) => text)).toEqual([]);
  expect([...sources.changed]).toEqual([]);

  // What was built from something else says nothing.
  writeFileSync(join(root, 'web/src/shapes.ts'), `// longer by a line\n${source}`);
  const changed = new SourceFiles(root);
  changed.add(built, [{ ranges: [{ startOffset: 0, endOffset: 9999, count: 1 }] }]);
  expect(changed.file('web/src/shapes.ts').ranWithin(0, 9999)).toBe(false);
  expect([...changed.changed]).toEqual(['web/src/shapes.ts']);
});
