/** Bundles with Python nodes of their own, in a real Pyodide in a worker thread. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { zip } from '../../tests/hostile/zip.js';
import { CancelledError, CapabilityError, NodeError, RuntimeLoadError } from '../src/errors.js';
import type { Manifest } from '../src/manifest.js';
import type { LoadedPackage } from '../src/package-loader.js';
import type { PipelineRunner } from '../src/pipeline-runner.js';
import { Tensor, type Value } from '../src/values.js';
import { bundle, type Contents, entry, kit } from './bundles.js';
import { chain } from './chains.js';
import { createRunner } from './runners.js';

const kitBundle = bundle(chain({ node_type: 'ShiftNode' }));
let runner: PipelineRunner;
const printed: string[] = [];
beforeAll(async () => {
  runner = await createRunner({ untrusted: 'allow', onOutput: (_, text) => void printed.push(text) });
});
afterAll(() => runner.close());

/** What the only node of a bundle gives. Without other contents the bundle is the same, and so is the engine. */
async function outputsOf(type: string, input: Value, contents?: Contents, params = {}): Promise<Value[]> {
  const manifest = chain({ node_type: type, params });
  const pkg = contents ? await bundle(manifest, contents) : await usual(manifest);
  return (await runner.execute(pkg, input)).outputs;
}

/** The bundle of the kit with another manifest. */
async function usual(manifest: Manifest): Promise<LoadedPackage> {
  return { ...(await kitBundle), manifest };
}

const greeting = `
from pathlib import Path
from remotemedia import Node

class GreetNode(Node):
    def process(self, item):
        hello = Path(__file__).parent / "hello.txt"
        try:
            hello.write_text("")
        except OSError as error:
            return f"{hello.read_text()} {item}, {type(error).__name__}"
`;

describe('nodes of a bundle', () => {
  test.each<[type: string, input: Value[], output: Value[]]>([
    ['ClampNode', [-1, 0.5, 7], [0, 0.5, 1]],
    ['ShiftNode', [1, 2], [101, 102]],
    ['TableNode', [2, 1], ['two', 'one']],
    ['SumNode', [1, 2, 3], [6]],
    ['LaterNode', [1, 'x'], [[1], ['x']]],
    ['CountdownNode', [2, 0, 3], [2, 1, 3, 2, 1]],
    ['MeanNode', [new Tensor('f32', [3], new Float32Array([1, 2, 6]))], [3]],
  ])('%s', async (type, input, output) => {
    expect(await outputsOf(type, input)).toEqual(output);
  });

  test('take params, and the planner knows them', async () => {
    expect(await outputsOf('ClampNode', [-1, 9], undefined, { high: 5 })).toEqual([0, 5]);
    const wrong = await outputsOf('ClampNode', [1], undefined, { hi: 5 }).catch((error: unknown) => error);
    expect(wrong).toMatchObject({
      name: 'ManifestError',
      issues: [{ code: 'unknown_param', path: '$.nodes[0].params.hi' }],
    });
  });

  test('stand between built-in nodes of both runtimes, with ports', async () => {
    const nodes = [
      { id: 'add', node_type: 'AddNode', params: { addend: 1 } },
      { id: 'split', node_type: 'SplitNode' },
      { id: 'text', node_type: 'TextProcessorNode' },
      { id: 'twice', node_type: 'MultiplyNode' },
    ];
    const connections = [
      { from: 'add', to: 'split' },
      { from: 'split.odd', to: 'text' },
      { from: 'split.even', to: 'twice' },
    ];
    const pkg = await usual({ version: 'v1', nodes, connections });
    const { sinks, metrics } = await runner.execute(pkg, [1, 2, 3], { enableMetrics: true });
    expect(sinks.twice).toEqual([4, 8]);
    expect(sinks.text).toMatchObject([{ original_text: '3' }]);
    const runtimes = metrics?.node_metrics.map(({ node_id, runtime }) => [node_id, runtime]);
    expect(Object.fromEntries(runtimes ?? [])).toEqual({
      add: 'rust',
      split: 'python',
      text: 'python',
      twice: 'rust',
    });
  });

  test('are streamed', async () => {
    const pkg = await usual(chain({ node_type: 'ShiftNode' }));
    const items: Value[] = [];
    for await (const { item } of runner.stream(pkg, [1, 2, 3])) items.push(item);
    expect(items).toEqual([101, 102, 103]);
  });

  test('cannot change the files of their bundle', async () => {
    const attempts = ['change', 'remove', 'source', 'new', 'folder', 'rename'];
    expect(await outputsOf('WriteNode', attempts)).toEqual(attempts.map(() => 'PermissionError'));
    expect(await outputsOf('TableNode', [1])).toEqual(['one']);
  });

  test('come from wheels', async () => {
    const wheel = zip([
      { name: 'greeting/__init__.py', content: 'from .node import GreetNode as GreetNode\n' },
      { name: 'greeting/node.py', content: greeting },
      { name: 'greeting/hello.txt', content: 'hello' },
      {
        name: 'greeting-1.0.dist-info/METADATA',
        content: 'Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n',
      },
      {
        name: 'greeting-1.0.dist-info/WHEEL',
        content: 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
      },
      { name: 'greeting-1.0.dist-info/RECORD', content: '' },
    ]);
    const files = { 'wheels/greeting-1.0-py3-none-any.whl': wheel };
    const entries = [entry('GreetNode', { module: 'greeting' })];
    expect(await outputsOf('GreetNode', ['you'], { entries, files })).toEqual(['hello you, PermissionError']);
  });

  test('are loaded by preload', async () => {
    const pkg = await usual(chain({ node_type: 'MeanNode' }));
    await runner.recycle();
    const phases = new Set<string>();
    await runner.preload(pkg, { onProgress: ({ phase }) => void phases.add(phase) });
    expect([...phases]).toContain('load-pyodide');
    const { metrics } = await runner.execute(pkg, [[1, 2]], { enableMetrics: true });
    expect(metrics?.load_metrics).toEqual({ wasm_ms: null, pyodide_ms: null, packages_ms: null });
  });
});

describe('what is wrong with a bundle', () => {
  async function errorOf(type: string, input: Value, contents?: Contents): Promise<unknown> {
    return outputsOf(type, input, contents).catch((error: unknown) => error);
  }

  test('a node that raises shows its own file and line', async () => {
    const error = (await errorOf('RaiseNode', [1])) as NodeError;
    expect(error).toBeInstanceOf(NodeError);
    expect(error).toMatchObject({ nodeId: 'n0', nodeType: 'RaiseNode', runtime: 'python', itemIndex: 0 });
    const lines = [...(error.traceback ?? '').matchAll(/File "([^"]+)", line (\d+), in (\w+)/g)];
    expect(
      lines.map(([, file, line, name]) => [file?.replace(/.*\/bundle\/[0-9a-f]{64}\//, ''), line, name]),
    ).toEqual([
      ['nodes/kit.py', '92', 'process'],
      ['nodes/kit.py', '96', 'helper'],
    ]);
    expect(error.traceback).toContain('return {}["line 96 of kit.py"]');
  });

  test('a class that is not what the catalog says', async () => {
    const lies = [
      entry('ClampNode'),
      entry('ShiftNode', { requires: ['numpy'] }),
      entry('AbsentNode'),
      entry('SumNode', { outputs: { sum: { kinds: ['number'] } } }),
    ];
    for (const lie of lies) {
      const error = await errorOf(lie.type, [1], { entries: [lie] });
      expect(error).toBeInstanceOf(RuntimeLoadError);
      expect(error).toMatchObject({ code: 'catalog_mismatch', nodeType: lie.type });
    }
  });

  test('a module that cannot be imported', async () => {
    const files = { 'nodes/shared.py': 'offset = 1\noffset.lost\n' };
    const error = (await errorOf('ShiftNode', [1], { files })) as RuntimeLoadError;
    expect(error).toBeInstanceOf(RuntimeLoadError);
    expect(error.message).toContain("nodes.kit cannot be imported: AttributeError: 'int'");
    expect(error.traceback).toMatch(/nodes\/shared\.py", line 2/);
    expect(error.traceback).not.toContain('importlib');
    // The next bundle is not held responsible.
    expect(await outputsOf('ShiftNode', [1])).toEqual([101]);
  });

  test('a package of another version', async () => {
    const error = await errorOf('FutureNode', [1]);
    expect(error).toBeInstanceOf(RuntimeLoadError);
    expect((error as Error).message).toMatch(/needs numpy>=99, there is numpy 2\./);
  });

  test('a package that is not there', async () => {
    const entries = [entry('ShiftNode', { requires: ['not-here'] })];
    const error = await errorOf('ShiftNode', [1], { entries });
    expect(error).toBeInstanceOf(RuntimeLoadError);
    expect((error as Error).message).toContain('not-here');
  });
});

describe('engines', () => {
  test('bundles with modules of the same name do not meet', async () => {
    const other = { files: { 'nodes/shared.py': 'offset = -1\n' } };
    expect(await outputsOf('ShiftNode', [1])).toEqual([101]);
    expect(await outputsOf('ShiftNode', [1], other)).toEqual([0]);
    expect(await outputsOf('ShiftNode', [1])).toEqual([101]);
  });

  test('stay for the same bundle, and for pipelines without code of others', async () => {
    const pkg = await usual(chain({ node_type: 'ShiftNode' }));
    const loads = async (source: Parameters<PipelineRunner['execute']>[0]) =>
      (await runner.execute(source, [1], { enableMetrics: true })).metrics?.load_metrics.pyodide_ms;
    await runner.recycle();
    expect(await loads(pkg)).toBeGreaterThan(0);
    expect(await loads(pkg)).toBeNull();
    expect(await loads(chain({ node_type: 'TextProcessorNode' }))).toBeNull();
    expect(await loads(pkg)).toBeNull();
    expect(await loads(await bundle(chain({ node_type: 'SumNode' })))).toBeGreaterThan(0);
  });

  test('that were ended get the bundle again', async () => {
    const pkg = await usual(chain({ node_type: 'LoopNode' }));
    expect((await runner.execute(pkg, [1])).outputs).toEqual([1]);
    const stuck = runner.execute(pkg, ['loop'], { signal: AbortSignal.timeout(200) });
    const next = runner.execute(pkg, [2]);
    await expect(stuck).rejects.toBeInstanceOf(CancelledError);
    expect((await next).outputs).toEqual([2]);
  });

  test('hold no more memory after many runs', async () => {
    const assets = { 'assets/large.bin': randomBytes(8 << 20) };
    const pkg = await bundle(chain({ node_type: 'ShiftNode' }), { files: assets });
    await runner.execute(pkg, [1]);
    const before = process.memoryUsage();
    const first = (await runner.execute(pkg, [1], { enableMetrics: true })).metrics?.peak_memory_bytes;
    for (let run = 0; run < 200; run++) await runner.execute(pkg, [run]);
    const last = (await runner.execute(pkg, [1], { enableMetrics: true })).metrics?.peak_memory_bytes;
    expect(last).toBe(first);
    // One more copy per run would be 1.6 GB.
    expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(64 << 20);
    expect(pkg.files.get('assets/large.bin')?.length).toBe(8 << 20);
  });

  test('nodes of the same id and type in another bundle have a circuit breaker of their own', async () => {
    const broken = await usual(chain({ node_type: 'RaiseNode', on_error: 'skip' }));
    expect((await runner.execute(broken, [1, 2, 3, 4, 5, 6])).skipped.errors.at(-1)?.code).toBe(
      'circuit_open',
    );
    const files = { 'nodes/more.py': '' };
    const other = await bundle(chain({ node_type: 'RaiseNode', on_error: 'skip' }), { files });
    expect((await runner.execute(other, [1])).skipped.errors[0]?.code).toBe('node_error');
  });
});

describe('who may run', () => {
  const shift = chain({ node_type: 'ShiftNode' });

  test('code that nobody vouches for is refused in Node.js', async () => {
    for (const untrusted of [undefined, 'sandbox', 'refuse'] as const) {
      const strict = await createRunner(untrusted ? { untrusted } : {});
      const pkg = await usual(shift);
      for (const call of [
        () => strict.execute(pkg, [1]),
        () => strict.preload(pkg),
        () => strict.stream(pkg, [1]).next(),
      ]) {
        const error = await call().then(
          () => null,
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(CapabilityError);
        expect(error).toMatchObject({ code: 'untrusted_code' });
      }
      expect((await strict.execute({ ...pkg, trust: 'trusted' }, [1])).outputs).toEqual([101]);
      await strict.close();
    }
  });

  test('a manifest that says of itself that it is a trusted bundle is none', async () => {
    const { manifest, catalog, files, id } = await usual(shift);
    const claims = { manifest, catalog, id, capabilities: { network: [] }, trust: 'trusted' };
    const content = [...files].map(([name, bytes]) => [name, [...bytes]]);
    const forged = JSON.parse(JSON.stringify({ ...manifest, ...claims, files: content }));
    for (const untrusted of ['sandbox', 'allow'] as const) {
      const strict = await createRunner({ untrusted });
      await expect(strict.execute(forged, [1])).rejects.toMatchObject({
        name: 'ManifestError',
        issues: expect.arrayContaining([expect.objectContaining({ code: 'unknown_type' })]),
      });
      await strict.close();
    }
  });

  test('a bundle without code of its own runs anywhere', async () => {
    const strict = await createRunner({ untrusted: 'refuse' });
    const pkg = await bundle(chain({ node_type: 'AddNode', params: { addend: 1 } }), { entries: [] });
    expect((await strict.execute(pkg, [1])).outputs).toEqual([2]);
    await strict.close();
  });

  test('origins that a bundle asks for have to be granted', async () => {
    const network = ['https://a.example', 'https://b.example'];
    const pkg = { ...(await usual(shift)), capabilities: { network } };
    const part = runner.execute(pkg, [1], { grant: { network: ['https://a.example'] } });
    await expect(part).rejects.toMatchObject({ name: 'CapabilityError', code: 'not_granted' });
    await expect(part).rejects.toThrow(/reach https:\/\/b\.example,/);
    expect((await runner.execute(pkg, [1], { grant: { network } })).outputs).toEqual([101]);
  });
});

test('the kit of these tests has an entry for each of its nodes', () => {
  expect(new Set(kit.map(({ type }) => type)).size).toBe(12);
});
