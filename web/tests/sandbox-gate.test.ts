/** The gate lets through all that an engine sends, and nothing that none would. The rest is in tests/e2e/sandbox-rogue.spec.ts. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { PipelineRunner } from '../src/pipeline-runner.js';
import type { Value } from '../src/values.js';
import type { ToPage } from '../src/worker/protocol.js';
import { SandboxGate } from '../src/worker/sandbox-gate.js';
import type { ThreadEvents } from '../src/worker/thread.js';
import { bundle, kit } from './bundles.js';
import { chain } from './chains.js';
import { createRunner } from './runners.js';

const passed = new Set<string>();

// The real thread, with the gate in between, as the sandbox has it.
vi.mock(import('../src/worker/thread.js'), async (original) => {
  const real = await original();
  return {
    ...real,
    startThread(events: ThreadEvents, script?: string) {
      const gate = new SandboxGate();
      const message = (data: ToPage) => {
        try {
          events.message(gate.pass(data));
          passed.add(data.type);
        } catch (error) {
          events.dead(error);
        }
      };
      const thread = real.startThread({ ...events, message }, script);
      const post: typeof thread.post = (sent, transfer) => {
        gate.sent(sent);
        thread.post(sent, transfer);
      };
      return { ...thread, post };
    },
  };
});

let runner: PipelineRunner;
beforeAll(async () => {
  runner = await createRunner({ untrusted: 'allow', onOutput: () => {} });
  runner.registerNode('PageNode', () => (item) => {
    if (item === 'page') throw new Error('no');
    return item === 'wait' ? new Promise(() => {}) : item;
  });
});
afterAll(() => runner.close());

const all = { enableMetrics: true, trace: true };
const run = (manifest: object, input: Value, options = {}) =>
  runner.execute(manifest as never, input, { ...all, ...options });
const failure = (running: Promise<unknown>) => running.then(String, ({ code }: { code: string }) => code);

describe('what engines send', () => {
  test('of all runtimes, with metrics and a trace', async () => {
    const mixed = chain(
      { node_type: 'AddNode', params: { addend: 1 } },
      { node_type: 'PageNode' },
      { node_type: 'MultiplyNode', runtime_hint: 'python', timeout_ms: 60_000 },
    );
    expect((await run(mixed, [1, 2, 3])).outputs).toEqual([4, 6, 8]);
    expect((await run(chain({ node_type: 'RangeGeneratorNode', params: { end: 3 } }), null)).outputs).toEqual(
      [0, 1, 2],
    );
    expect((await run(mixed, [])).outputs).toEqual([]);
  });

  test('of bundles, of loading, and of what is printed', async () => {
    await runner.recycle();
    await runner.loadWasm();
    await runner.loadPyodideRuntime();
    const pkg = await bundle(chain({ node_type: 'ShiftNode' }), { entries: kit });
    await runner.preload(pkg, { onProgress() {} });
    const items: Value[] = [];
    for await (const { item } of runner.stream(pkg, [1, 2, 3])) items.push(item);
    expect(items).toEqual([101, 102, 103]);
  });

  test('of failures', async () => {
    const page = chain({ node_type: 'PageNode' }, { node_type: 'AddNode' });
    expect(await failure(run(page, [1, 'page']))).toBe('node_error');
    const skipping = chain({ node_type: 'AddNode', on_error: 'skip' });
    expect((await run(skipping, ['x', 1, 'y', 'z', 'a', 'b', 'c'])).skipped.count).toBe(6);
    expect(await failure(run(chain({ node_type: 'NoNode' }), [1]))).toBe('manifest_error');
    expect(await failure(run(page, ['wait'], { timeoutMs: 200 }))).toBe('node_timeout');
    expect(await failure(run(page, [1], { signal: AbortSignal.abort() }))).toBe('cancelled');
    const raising = chain({ node_type: 'TextProcessorNode' }, { node_type: 'AddNode' });
    expect(await failure(run(raising, ['x']))).toBe('node_error');
  });

  test('is all that there is', () => {
    const types = [
      'batch',
      'ending',
      'enter',
      'failed',
      'finished',
      'left',
      'page-call',
      'planned',
      'progress',
    ];
    expect([...passed].sort()).toEqual(expect.arrayContaining(types));
  });
});

test.each<[string, unknown]>([
  ['nothing', null],
  ['a text', 'output'],
  ['a method of objects', { type: 'toString' }],
  ['output of no text', { type: 'output', stream: 'stdout', text: {} }],
  ['a negative call', { type: 'page-call', call: -1, request: { op: 'close', handle: 1 } }],
  ['a call without a request', { type: 'page-call', call: 1, request: null }],
  ['an operation that is none', { type: 'page-call', call: 1, request: { op: 'constructor', handle: 1 } }],
  ['a list with holes', { type: 'batch', run: 1, packets: new Array(2 ** 32 - 1), spare: [], ended: true }],
  [
    'memory that is none',
    { type: 'batch', run: 1, packets: [{ buffer: { length: 2 ** 32 }, length: 0 }], spare: [], ended: true },
  ],
  [
    'a packet longer than its memory',
    { type: 'batch', run: 1, packets: [{ buffer: new ArrayBuffer(8), length: 16 }], spare: [], ended: true },
  ],
])('%s is refused', (_, message) => {
  expect(() => new SandboxGate().pass(message)).toThrow();
});
