/**
 * A sandbox whose engine was taken over sends what it likes: the page's thread neither hangs nor breaks, every run ends, and
 * nothing is reached but nodes that the page has registered.
 */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { bundleFile } from '../../web/tests/bundles.js';
import { chain } from '../../web/tests/chains.js';
import { type Embedding, openEmbedding } from './embed.js';
import { expect, test } from './site.js';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

/** A script in the place of `sandbox.js`, which does `attack` when a run begins. */
const rogue = (attack: string) => `
addEventListener('message', ({ ports: [port, files] }) => {
  files.postMessage({ type: 'hello', version: ${JSON.stringify(version)} });
  const send = (message) => port.postMessage(message);
  const tick = () => new Promise((resolve) => setTimeout(resolve));
  const end = { edge: 0, node: 'n0', segment: 0 };
  const graphInfo = { node_count: 1, connection_count: 0, source_count: 1, sink_count: 1, execution_order: [] };
  const plan = { name: '', inputs: [end], outputs: [end], graphInfo, warnings: [] };
  const summary = {
    nodes: [], skipped: { count: 0, errors: [] }, crossings: [], circuits: {}, spans: [], memoryBytes: 0,
    loads: { wasm_ms: null, pyodide_ms: null, packages_ms: null },
  };
  let answers = () => {};
  let run = 0;
  const ask = (request) => {
    const answer = new Promise((resolve) => { answers = resolve; });
    send({ type: 'page-call', call: 1, request });
    return answer;
  };
  port.onmessage = async ({ data }) => {
    if (data.type === 'page-reply') answers(data.reply);
    if (data.type !== 'start') return;
    run = data.run;
    ${attack}
  };
}, { once: true });`;

interface Outcome {
  readonly code: string;
  readonly outputs: unknown;
  readonly called: readonly string[];
  readonly polluted: boolean;
}

/** Runs a bundle with that script, which is given up after a second if it does nothing. */
async function attacked(page: Page, siteUrl: string, attack: string): Promise<Outcome> {
  await page.route('**/rogue.js', (route) =>
    route.fulfill({ contentType: 'text/javascript', body: rogue(attack) }),
  );
  await openEmbedding(page, siteUrl);
  const bytes = [...bundleFile(chain({ node_type: 'ShiftNode' }))];
  return page.evaluate(runInPage, { bytes, base: `${siteUrl}remotemedia/` });
}

/** Runs in the page, so it can use nothing from here. */
async function runInPage({ bytes, base }: { bytes: number[]; base: string }): Promise<Outcome> {
  const { library } = window as unknown as Embedding;
  const sandbox = new URL('rogue.js', base);
  const runner = new library.PipelineRunner({ assets: { base, sandbox }, onOutput: () => {} });
  const called: string[] = [];
  runner.registerNode('KnownNode', () => {
    called.push('KnownNode');
    return (item) => item;
  });
  const pkg = await library.PackageLoader.loadFromFile(new Uint8Array(bytes));
  const rest = { called, polluted: 'polluted' in {} };
  try {
    const { outputs } = await runner.execute(pkg, [1, 2], { timeoutMs: 1000, trace: true });
    return { code: '', outputs, ...rest };
  } catch (error) {
    return { code: (error as { code: string }).code, outputs: null, ...rest };
  } finally {
    await runner.close();
  }
}

const refused: Record<string, string> = {
  'no object': 'send(null)',
  'another type': "send({ type: 'toString' })",
  'what is no text': "send({ type: 'output', stream: 'stdout', text: { then: 1 } })",
  'a plan with other sinks':
    "send({ type: 'planned', run, plan: { ...plan, outputs: [{ ...end, node: '__proto__' }] } })",
  'a plan with one source many times':
    "send({ type: 'planned', run, plan: { ...plan, inputs: new Array(1e5).fill(end) } })",
  'an end before the plan': "send({ type: 'finished', run, packets: [], summary })",
  'an end before the input':
    "send({ type: 'planned', run, plan }); send({ type: 'finished', run, packets: [], summary })",
  'results of nothing': `send({ type: 'planned', run, plan });
    for (;;) { send({ type: 'batch', run, packets: [], spare: [], ended: false }); await tick(); }`,
  'memory that is none':
    "send({ type: 'planned', run, plan }); send({ type: 'batch', run, packets: [{ buffer: { length: 2 ** 32 }, length: 16 }], spare: [], ended: false })",
  'memory to be used again that is none':
    "send({ type: 'batch', run, packets: [], spare: [{ byteLength: 8192, length: 2 ** 32 }], ended: false })",
  'lists with holes':
    "const packets = []; packets.length = 2 ** 32 - 1; send({ type: 'failed', run, error: { name: '', code: '', message: '' }, packets, circuits: {} })",
  'an error that is none': "send({ type: 'failed', run, error: null, packets: [], circuits: {} })",
  'progress that is none':
    "send({ type: 'progress', run, event: { phase: 'run', loaded: '1', total: null } })",
  'packets for nodes of the page that are none': `const { handle } = await ask({ op: 'open', segment: JSON.stringify({
      place: 'js:page', runtime: 'js', requires: [], metrics: false, connections: [],
      nodes: [{ id: 'n0', node_type: 'KnownNode', params: {}, order: 0 }] }) });
    ask({ op: 'run', handle, packets: [{ header: { length: 2 ** 32 }, buffers: [] }], until: { round: 1, order: 1 } })`,
  'a flood of calls':
    "for (let call = 0; call < 1000; call++) send({ type: 'page-call', call, request: { op: 'close', handle: 1 } })",
};

for (const [what, attack] of Object.entries(refused)) {
  test(`${what} ends the sandbox`, async ({ page, siteUrl }) => {
    const outcome = await attacked(page, siteUrl, attack);
    expect(outcome).toMatchObject({ code: 'worker_died', polluted: false });
  });
}

test('what says that it is ending, again and again, is ended', async ({ page, siteUrl }) => {
  const attack = "for (;;) { send({ type: 'ending', run }); await tick(); }";
  expect(await attacked(page, siteUrl, attack)).toMatchObject({ code: 'node_timeout' });
});

test('a flood of output, or silence, lasts no longer than the run may', async ({ page, siteUrl }) => {
  const flood = "for (;;) send({ type: 'output', stream: 'stdout', text: 'x' });";
  expect(await attacked(page, siteUrl, flood)).toMatchObject({ code: 'node_timeout' });
  await page.unrouteAll();
  expect(await attacked(page, siteUrl, '')).toMatchObject({ code: 'node_timeout' });
});

for (const type of ['OtherNode', 'constructor', '__proto__']) {
  test(`no node ${type} is made, which the page has not registered`, async ({ page, siteUrl }) => {
    const attack = `
      const params = JSON.parse('{"__proto__": {"polluted": 1}}');
      const nodes = [{ id: 'n0', node_type: ${JSON.stringify(type)}, params, order: 0 }];
      const segment = JSON.stringify({ place: 'js:page', runtime: 'js', requires: [], metrics: false, nodes, connections: [] });
      const { op, error: { message } } = await ask({ op: 'open', segment });
      send({ type: 'failed', run, error: { name: 'NodeError', code: op + message, message }, packets: [], circuits: {} });`;
    const { code, called, polluted } = await attacked(page, siteUrl, attack);
    expect(code).toMatch(/^failed.*is not registered/);
    expect({ called, polluted }).toEqual({ called: [], polluted: false });
  });
}
