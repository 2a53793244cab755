/** The quick start for Python developers: its own commands, then its own script in a page. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from './site.js';

const guide = readFileSync('docs/quickstart-python.md', 'utf8');

/** The fenced blocks of the page: what stands behind the fence, and the content. */
const blocks = [...guide.matchAll(/^```(\S[^\n]*)\n([\s\S]*?)^```$/gm)].map(([, info = '', text = '']) => ({
  info,
  text,
}));

function only(info: string): string {
  const found = blocks.filter((block) => block.info === info);
  expect(found).toHaveLength(1);
  return found[0]?.text ?? '';
}

let folder: string;

/** Runs all commands but those that install; what they need is in this checkout. */
test.beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quickstart-'));
  const commands = blocks.filter(({ info }) => info === 'sh').map(({ text }) => text);
  expect(commands.length).toBeGreaterThan(3);
  execFileSync('bash', ['-euc', commands.join('\n')], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${resolve('.venv/bin')}:${process.env.PATH}`,
      REMOTEMEDIA_PYODIDE: resolve('dist/remotemedia/pyodide'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
});

test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the bundle that the commands packed runs in a page, as the guide says', async ({ page, siteUrl }) => {
  const code = only('js');
  const imports = JSON.stringify({ imports: { remotemedia: '/lib/index.js' } });
  const scripts = `<script type="importmap">${imports}</script><script type="module">${code}</script>`;
  await page.route(`${siteUrl}quickstart.html`, (route) =>
    route.fulfill({ contentType: 'text/html', body: `<!doctype html>${scripts}` }),
  );
  await page.route(`${siteUrl}clamp.rmpkg`, (route) =>
    route.fulfill({ path: join(folder, 'clamp', 'clamp.rmpkg') }),
  );
  const logged = page.waitForEvent('console', (message) => message.type() === 'log');
  const failed = page.waitForEvent('pageerror').then((error) => Promise.reject(error));
  await page.goto(`${siteUrl}quickstart.html`);
  const message = await Promise.race([logged, failed]);
  const [outputs] = await Promise.all(message.args().map((argument) => argument.jsonValue()));
  expect(JSON.stringify(outputs)).toBe(/\/\/ (\[.*\])/.exec(code)?.[1]?.replaceAll(' ', ''));
});
