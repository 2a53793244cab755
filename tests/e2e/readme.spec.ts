/** The README's snippets do what their comments say. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from './site.js';

const readme = readFileSync('README.md', 'utf8');

function snippet(language: string): string {
  const found = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  if (!found) throw new Error(`the README has no ${language} snippet`);
  return found;
}

/** What the comments behind the printing lines promise, up to a colon. */
function promised(code: string, comment: string): string[] {
  return [...code.matchAll(new RegExp(`(?:print|log)\\(.*\\);? *${comment} (\\[.*?\\])`, 'g'))].map(
    (match) => match[1] ?? '',
  );
}

test('the browser snippet runs in a page of its own', async ({ page, siteUrl }) => {
  const code = snippet('js');
  const imports = JSON.stringify({ imports: { remotemedia: '/lib/index.js' } });
  await page.route(`${siteUrl}readme.html`, (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><script type="importmap">${imports}</script><script type="module">${code}</script>`,
    }),
  );
  const logged = page.waitForEvent('console');
  const failed = page.waitForEvent('pageerror').then((error) => Promise.reject(error));
  await page.goto(`${siteUrl}readme.html`);
  const message = await Promise.race([logged, failed]);
  const [value] = await Promise.all(message.args().map((argument) => argument.jsonValue()));
  const [expected] = promised(code, '//');
  expect(value).toEqual(JSON.parse((expected ?? '').replaceAll("'", '"')));
});

test('the Python snippet prints what it says', () => {
  const code = snippet('python');
  const lines = execFileSync('.venv/bin/python', ['-c', code], { encoding: 'utf8' }).split('\n');
  expect(lines[0]).toBe(promised(code, '#')[0]);
  const manifest = JSON.parse(lines.slice(1).join('\n'));
  expect(manifest.nodes.map((node: { node_type: string }) => node.node_type)).toEqual([
    'MultiplyNode',
    'AddNode',
  ]);
});
