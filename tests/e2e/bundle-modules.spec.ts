/** Bundles with Python nodes and Rust modules of their own in Chromium, and with packages that the page names. */
import { readFileSync } from 'node:fs';
import { type Contents, greetingFile, greetingWheel, rustEntry } from '../../web/tests/bundles.js';
import { chain } from '../../web/tests/chains.js';
import { open } from './bundle-runs.js';
import { expect, test } from './site.js';

const types = ['PanicNode', 'SpinNode', 'AllocateNode', 'FileNode', 'SurroundingsNode'];
const contents: Contents = {
  modules: { 'rust:test': types.map(rustEntry) },
  files: {
    'modules/test.wasm': readFileSync('dist/wasm/test-module.wasm'),
    'models/net.bin': Uint8Array.of(1, 2, 3),
    'assets/empty': '',
  },
};
const { refused } = JSON.parse(readFileSync('tests/vectors/module-files.json', 'utf8')) as {
  refused: [what: string, path: string, message: string][];
};

for (const untrusted of ['allow', 'sandbox'] as const) {
  test(`${untrusted}: Rust modules run beside Python, and read the files of the bundle`, async ({
    page,
    siteUrl,
  }) => {
    const run = await open(page, siteUrl, untrusted);
    const sums = chain({ node_type: 'ShiftNode' }, { node_type: 'AllocateNode' }, { node_type: 'ShiftNode' });
    // 101, 102 summed up: 101, 203.
    expect(await run(sums, [1, 2], { contents })).toEqual({ outputs: [201, 303] });
    const files = chain({ node_type: 'FileNode' }, { node_type: 'LaterNode' });
    const list = { do: 'list', path: '/bundle/assets' };
    expect(await run(files, [list], { contents })).toEqual({ outputs: [[['empty', 'words']]] });
  });

  test(`${untrusted}: a module that panics, loops, or wants what is forbidden`, async ({ page, siteUrl }) => {
    const run = await open(page, siteUrl, untrusted);
    const own = chain({ node_type: 'PanicNode' }, { node_type: 'ShiftNode' });
    expect((await run(own, [1, 'panic'], { contents })).error).toMatchObject({
      name: 'NodeError',
      code: 'panic',
      nodeId: 'n0',
    });
    expect(await run(own, [1], { contents })).toEqual({ outputs: [101] });
    const spin = chain({ node_type: 'SpinNode', timeout_ms: 100 }, { node_type: 'ShiftNode' });
    expect((await run(spin, ['spin'], { contents })).error).toMatchObject({
      name: 'NodeTimeoutError',
      nodeId: 'n0',
    });
    const files = chain({ node_type: 'FileNode' }, { node_type: 'LaterNode' });
    for (const [what, path, message] of refused.slice(0, 4)) {
      const { error } = await run(
        files,
        [
          { do: 'size', path: '/bundle/models' },
          { do: what, path },
        ],
        { contents },
      );
      expect(error).toMatchObject({ name: 'NodeError', nodeId: 'n0' });
      expect(error?.message).toContain(message);
    }
  });

  test(`${untrusted}: a package that the page names, and no other`, async ({ page, siteUrl }) => {
    const asked: string[] = [];
    page.on('request', (request) => void (/\.whl/.test(request.url()) && asked.push(request.url())));
    await page.route('**/wheels/*.whl', (route) =>
      route.fulfill({ contentType: 'application/zip', body: Buffer.from(greetingWheel) }),
    );
    const url = new URL('wheels/greeting_kit-1.2-py3-none-any.whl', siteUrl).href;
    const run = await open(page, siteUrl, untrusted, { 'greeting-kit': url });
    const given = (requirement: string) => run('', ['you'], { file: greetingFile(requirement) });
    expect(await given('greeting_kit>=1')).toEqual({ outputs: ['hello you'] });
    expect((await given('greeting-kit>=2')).error?.message).toContain('there is greeting-kit 1.2');
    expect((await given('other-kit')).error).toMatchObject({ name: 'RuntimeLoadError' });
    expect((await given('other-1-py3-none-any.whl')).error).toMatchObject({ name: 'RuntimeLoadError' });
    const foreign = asked.filter((wheel) => wheel !== url && !/pyodide\/(numpy|remotemedia)-/.test(wheel));
    expect(asked).toContain(url);
    expect(foreign).toEqual([]);
  });
}
