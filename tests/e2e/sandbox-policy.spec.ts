/** What a content security policy of the page must allow for the sandbox: no more and no less than docs/security.md says. */
import { readFileSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { frameScriptHash } from '../../web/src/sandbox/frame.js';
import { escapeBundle } from './sandbox/bundle.js';
import { type Outcome, openPage, run } from './sandbox/embed.js';
import { foreignServer, marker, pageServer } from './sandbox/servers.js';

type Policy = Readonly<Record<string, string>>;

/** What docs/security.md tells embedders to allow. */
const enough: Policy = {
  'default-src': "'none'",
  'script-src': `'self' 'wasm-unsafe-eval' '${frameScriptHash}'`,
  'worker-src': "'self' blob:",
  'connect-src': "'self'",
};

const textOf = (policy: Policy) =>
  Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join('; ');

/** A run in the sandbox on a page with these headers. */
async function runUnder(
  page: Page,
  headers: Record<string, string>,
  network: string[] = [],
): Promise<Outcome> {
  const server = await pageServer(headers);
  try {
    await openPage(page, server.url);
    const items = network.map((origin) => ['fetch', `${origin}/${marker}policy`]);
    const bundle = escapeBundle(network.length > 0 ? 'FetchNode' : 'EchoedNode', { network });
    return await run(page, { bundle, items: items.length > 0 ? items : [7], grant: network });
  } finally {
    await server.close();
  }
}

const under = (policy: Policy) => ({ 'content-security-policy': textOf(policy) });

test('the documented policy is enough', async ({ page }) => {
  expect(readFileSync('docs/security.md', 'utf8')).toContain(frameScriptHash);
  expect(await runUnder(page, under(enough))).toMatchObject({ error: null, outputs: [7] });
});

for (const [what, change] of [
  ['without the hash of the script', { 'script-src': "'self' 'wasm-unsafe-eval'" }],
  ['without blob: workers', { 'worker-src': "'self'" }],
] as const) {
  test(`${what}, the sandbox says what is missing`, async ({ page }) => {
    const { error } = await runUnder(page, under({ ...enough, ...change }));
    expect(error).toMatchObject({ name: 'RuntimeLoadError', code: 'sandbox_refused' });
    expect(error?.message).toContain(frameScriptHash);
    expect(error?.message).toContain('blob: in worker-src');
  });
}

test('the policy of the page limits granted origins too', async ({ page }) => {
  const foreign = await foreignServer();
  const refused = await runUnder(page, under(enough), [foreign.url]);
  expect(refused.error).toMatchObject({ name: 'NodeError' });
  expect(foreign.requests).toEqual([]);
  const policy = { ...enough, 'connect-src': `'self' ${foreign.url}` };
  expect(await runUnder(page, under(policy), [foreign.url])).toMatchObject({ error: null });
  expect(foreign.requests).toHaveLength(1);
  await foreign.close();
});

test('a page that is cross-origin isolated', async ({ page }) => {
  const outcome = await runUnder(page, {
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  });
  expect(outcome).toMatchObject({ error: null, outputs: [7] });
});
