/** Whatever becomes of a sandbox, every call settles, the next run works, and nothing of the old one goes on. */
import { test as base, expect, type Page } from '@playwright/test';
import { escapeBundle } from './sandbox/bundle.js';
import { type Embedding, openPage } from './sandbox/embed.js';
import { pageServer } from './sandbox/servers.js';

type Window = Embedding & {
  loop: import('../../web/src/index.js').LoadedPackage;
  echo: import('../../web/src/index.js').LoadedPackage;
  runner: import('../../web/src/index.js').PipelineRunner;
  running: Promise<{ name: string; code: string; message: string; took: number }>;
};

const test = base.extend<{ page: Page }>({
  page: async ({ page }, use) => {
    const server = await pageServer();
    await openPage(page, server.url);
    await page.evaluate(
      async ([loop, echo]) => {
        const { library } = window as Embedding;
        const load = (bytes: number[]) => library.PackageLoader.loadFromFile(new Uint8Array(bytes));
        const runner = new library.PipelineRunner();
        Object.assign(window, { runner, loop: await load(loop), echo: await load(echo) });
      },
      [escapeBundle('LoopNode'), escapeBundle('EchoedNode')] as const,
    );
    await use(page);
    await server.close();
  },
});

/** Begins a run that never ends by itself, and waits until it is at it. */
async function begin(page: Page, options: object = {}): Promise<void> {
  const printed = page.waitForEvent('console', (message) => message.text() === 'looping');
  await page.evaluate((given) => {
    const context = window as unknown as Window;
    const control = new AbortController();
    const started = performance.now();
    const running = context.runner.execute(context.loop, [1], { ...given, signal: control.signal }).then(
      () => ({ name: 'none', code: '', message: '', took: 0 }),
      ({ name, code, message }: { name: string; code: string; message: string }) => ({
        name,
        code,
        message,
        took: performance.now() - started,
      }),
    );
    Object.assign(window, { running, control });
  }, options);
  await printed;
}

const ended = (page: Page) => page.evaluate(() => (window as unknown as Window).running);

/** The next run, in the same runner. */
async function goesOn(page: Page): Promise<void> {
  const outputs = await page.evaluate(async () => {
    const { runner, echo } = window as unknown as Window;
    return (await runner.execute(echo, [7])).outputs;
  });
  expect(outputs).toEqual([7]);
}

test('an abort ends a stuck node and its worker', async ({ page }) => {
  await begin(page);
  const [worker] = page.workers().filter((candidate) => candidate.url().startsWith('blob:'));
  const gone = worker?.waitForEvent('close');
  await page.evaluate(() => (window as unknown as { control: AbortController }).control.abort());
  expect(await ended(page)).toMatchObject({ name: 'CancelledError' });
  await gone;
  await goesOn(page);
});

test('time limits of runs hold', async ({ page }) => {
  await begin(page, { timeoutMs: 20_000 });
  expect(await ended(page)).toMatchObject({ name: 'NodeTimeoutError' });
  await goesOn(page);
});

for (const [what, harm, message] of [
  ['taken away', 'frame.remove()', /its frame was taken away/],
  ['given another document', "frame.srcdoc = 'gone'", /its frame was navigated/],
  ['navigated', "frame.removeAttribute('srcdoc'); frame.src = 'about:blank'", /its frame was navigated/],
] as const) {
  test(`a frame that is ${what}`, async ({ page }) => {
    await begin(page);
    await page.evaluate(`(() => { const frame = document.querySelector('iframe'); ${harm}; })()`);
    const error = await ended(page);
    expect(error).toMatchObject({ name: 'RuntimeLoadError', code: 'worker_died' });
    expect(error.message).toMatch(message);
    await goesOn(page);
  });
}

test('a crash of the frame’s process', async ({ page }) => {
  await begin(page);
  // Playwright takes the crash of a frame for one of the page and answers no more.
  const session = await page.context().newCDPSession(page);
  const evaluate = async (expression: string) => {
    const { result } = await session.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    return result.value;
  };
  const browser = await page.context().browser()?.newBrowserCDPSession();
  const { targetInfos } = (await browser?.send('Target.getTargets')) ?? { targetInfos: [] };
  const frame = targetInfos.find(({ type, url }) => type === 'iframe' && url === 'about:srcdoc');
  if (!browser || !frame) throw new Error('the frame has no process of its own');
  const { sessionId } = await browser.send('Target.attachToTarget', {
    targetId: frame.targetId,
    flatten: false,
  });
  const message = JSON.stringify({ id: 1, method: 'Page.crash' });
  await browser.send('Target.sendMessageToTarget', { sessionId, message });
  expect(await evaluate('running')).toMatchObject({ name: 'RuntimeLoadError', code: 'worker_died' });
  expect(await evaluate('runner.execute(echo, [7]).then(({ outputs }) => outputs)')).toEqual([7]);
});

test('a node that ends Python ends its run', async ({ page }) => {
  const error = await page.evaluate(async (bytes) => {
    const { library, runner } = window as Embedding & Window;
    const pkg = await library.PackageLoader.loadFromFile(new Uint8Array(bytes));
    return runner.execute(pkg, [0]).then(
      () => null,
      ({ name, code, message }: { name: string; code: string; message: string }) => ({ name, code, message }),
    );
  }, escapeBundle('FatalNode'));
  expect(error).toMatchObject({ name: 'RuntimeLoadError', code: 'worker_died' });
  expect(error?.message).toContain('intentionally triggered');
  await goesOn(page);
});
