/** Rust modules of bundles: `dist/wasm/test-module.wasm`, and modules written by hand that do wrong on purpose. */
import { readFileSync } from 'node:fs';
import binaryen from 'binaryen';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { zip } from '../../tests/hostile/zip.js';
import { BundleModules } from '../src/engine/bundle-modules.js';
import { NodeError, NodeTimeoutError, RuntimeLoadError } from '../src/errors.js';
import type { Manifest } from '../src/manifest.js';
import { type LoadedPackage, PackageLoader } from '../src/package-loader.js';
import type { PipelineRunner } from '../src/pipeline-runner.js';
import type { Value } from '../src/values.js';
import { rustEntry } from './bundles.js';
import { chain } from './chains.js';
import { createRunner } from './runners.js';
import { root } from './vectors.js';

const module = readFileSync(`${root}dist/wasm/test-module.wasm`);
const types = ['PanicNode', 'SpinNode', 'AllocateNode', 'FileNode', 'SurroundingsNode'];

/** Catalog entries of the test module, with other names for a second module. */
function entries(names: readonly string[] = types) {
  return names.map(rustEntry);
}

const usual: Record<string, string | Uint8Array> = {
  'modules/test.wasm': module,
  'assets/words/table.txt': 'one two three',
  'assets/empty': '',
  'models/net.bin': Uint8Array.of(1, 2, 3, 4, 5, 6, 7),
};

function bundle(
  manifest: Manifest,
  places: object = { 'rust:test': entries() },
  files = usual,
): Promise<LoadedPackage> {
  const all = {
    'manifest.json': JSON.stringify(manifest),
    'catalog.json': JSON.stringify({ version: 1, places }),
    ...files,
  };
  return PackageLoader.loadFromFile(zip(Object.entries(all).map(([name, content]) => ({ name, content }))));
}

let runner: PipelineRunner;
const printed: string[] = [];
beforeAll(async () => {
  runner = await createRunner({ onOutput: (_, text) => void printed.push(text) });
});
afterAll(() => runner.close());
afterEach(() => {
  printed.length = 0;
});

async function outputsOf(manifest: Manifest, input: Value): Promise<Value[]> {
  return (await runner.execute(await bundle(manifest), input)).outputs;
}

describe('files', () => {
  const text = (value: string) => new TextEncoder().encode(value);

  test.each<[what: string, path: string, output: Value]>([
    ['read', '/bundle/assets/words/table.txt', text('one two three')],
    ['read asset', 'models/net.bin', Uint8Array.of(1, 2, 3, 4, 5, 6, 7)],
    ['read', '/bundle/assets/empty', new Uint8Array(0)],
    ['read', '/bundle/assets/./words/../words//table.txt', text('one two three')],
    ['middle', '/bundle/models/net.bin', [Uint8Array.of(2, 3, 4, 5), Uint8Array.of(7), 7]],
    ['list', '/bundle/assets', ['empty', 'words']],
    ['list', '/bundle/assets/words', ['table.txt']],
    ['size', '/bundle/models/net.bin', [7, false]],
  ])('%s %s', async (what, path, output) => {
    expect(await outputsOf(chain({ node_type: 'FileNode' }), [{ do: what, path }])).toEqual([output]);
  });

  // A good call, or the circuit would open after some failures.
  const good = { do: 'size', path: '/bundle/models' };

  /** The same words as natively: py/tests/native/test_wasmtime_modules.py. */
  const refusals: [what: string, path: string, message: string][] = JSON.parse(
    readFileSync(`${root}tests/vectors/module-files.json`, 'utf8'),
  ).refused;
  test.each(refusals)('%s %s: %s', async (what, path, message) => {
    const failure = await outputsOf(chain({ node_type: 'FileNode' }), [good, { do: what, path }]).catch(
      (e) => e,
    );
    expect(failure).toBeInstanceOf(NodeError);
    expect(failure).toMatchObject({ nodeId: 'n0', nodeType: 'FileNode', runtime: 'rust', itemIndex: 1 });
    expect(failure.message).toContain(message);
  });

  test('are as they were', async () => {
    const same = { do: 'read', path: '/bundle/models/net.bin' };
    expect(await outputsOf(chain({ node_type: 'FileNode' }), [same])).toEqual([
      Uint8Array.of(1, 2, 3, 4, 5, 6, 7),
    ]);
  });
});

test('a module learns nothing of where it runs, and may complain', async () => {
  const [told] = (await outputsOf(chain({ node_type: 'SurroundingsNode' }), [0])) as {
    since_1970_s: number;
    since_start_s: number;
  }[];
  expect(told).toMatchObject({ arguments: 0, variables: 0 });
  // A monotonic clock counts from the start of the thread; the time of day would be 1.7e9 seconds.
  expect(told?.since_1970_s).toBeLessThan(1e6);
  expect(told?.since_start_s).toBeGreaterThanOrEqual(0);
  expect(printed).toEqual(['complained']);
});

describe('what goes wrong in a module', () => {
  test('a panic is the error of its node, and the next run gets a new module', async () => {
    const pkg = await bundle(chain({}, { node_type: 'PanicNode' }, {}));
    for (let attempt = 0; attempt < 2; attempt++) {
      const failure = await runner.execute(pkg, [1, 'panic', 2]).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(NodeError);
      expect(failure).toMatchObject({ nodeId: 'n1', nodeType: 'PanicNode', code: 'panic', itemIndex: 1 });
      expect((failure as Error).message).toMatch(/crates\/test-nodes\/src\/lib\.rs:\d+:\d+:\na node panics/);
      expect((await runner.execute(pkg, [1, 2])).outputs).toEqual([1, 2]);
    }
  });

  test('a deadline ends an endless loop', async () => {
    const pkg = await bundle(chain({ node_type: 'SpinNode', timeout_ms: 50 }));
    const failure = await runner.execute(pkg, ['spin']).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NodeTimeoutError);
    expect(failure).toMatchObject({ nodeId: 'n0', nodeType: 'SpinNode' });
    expect((await runner.execute(pkg, [1])).outputs).toEqual([1]);
  });

  test('memory that is not there', async () => {
    const pkg = await bundle(chain({ node_type: 'AllocateNode' }));
    const failure = await runner.execute(pkg, [2 ** 32]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ nodeId: 'n0', code: 'out_of_memory' });
  });

  test.each([
    ['another ABI version', { version: 2 }, /modules\/odd\.wasm has ABI version 2, this library needs 1/],
    ['a trap at the start', { start: '(unreachable)' }, /modules\/odd\.wasm cannot be loaded.*unreachable/],
    [
      'an exit at the start',
      { start: '(call $exit (i32.const 3))' },
      /modules\/odd\.wasm cannot be loaded.*code 3/,
    ],
  ])('%s is a RuntimeLoadError', async (_, odd, message) => {
    const pkg = await bundle(
      chain({ node_type: 'OddNode' }),
      { 'rust:odd': entries(['OddNode']) },
      { 'modules/odd.wasm': oddModule(odd) },
    );
    const failure = await runner.execute(pkg, [1]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RuntimeLoadError);
    expect((failure as Error).message).toMatch(message);
  });
});

test('modules with Python between them, each with its own state', async () => {
  const places = { 'rust:a': entries(['AllocateNode']), 'rust:b': entries(['PanicNode']) };
  const files = { 'modules/a.wasm': module, 'modules/b.wasm': module };
  const manifest = chain(
    { node_type: 'AllocateNode' },
    { node_type: 'MultiplyNode', runtime_hint: 'python', params: { factor: 10 } },
    { node_type: 'PanicNode' },
    { node_type: 'AddNode', params: { addend: 1 } },
    { node_type: 'AllocateNode' },
  );
  const pkg = await bundle(manifest, places, files);
  const { outputs, metrics } = await runner.execute(pkg, [1, 2, 3], { enableMetrics: true });
  // Each AllocateNode sums up on its own: 1, 3, 6; then 11, 42, 103.
  expect(outputs).toEqual([11, 42, 103]);
  const ways = metrics?.crossing_metrics.map(({ from, to }) => `${from} → ${to}`);
  expect(ways).toEqual(
    expect.arrayContaining(['rust:a → python', 'python → rust:b', 'rust:b → rust:runtime']),
  );
});

test('a module whose memory has grown is made anew between two runs', async () => {
  const pkg = await bundle(chain({ node_type: 'AllocateNode' }));
  const memory = async (input: Value[]): Promise<number> => {
    const { metrics } = await runner.execute(pkg, input, { enableMetrics: true });
    return metrics?.peak_memory_bytes ?? Number.NaN;
  };
  const small = await memory([1]);
  expect((await memory([70e6])) - small).toBeGreaterThan(69e6);
  expect(await memory([1])).toBe(small);
});

test('a place without a module', async () => {
  const modules = new BundleModules(
    { id: '', places: {}, files: new Map() },
    { enter() {}, stderr() {}, loaded() {} },
  );
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(modules.prepare(['rust:none'])).rejects.toThrow('no module for the place rust:none');
  }
  expect(modules.memoryBytes).toBe(0);
});

/** A module that exports everything and does nothing. */
function oddModule({ version = 1, start = '' }: { version?: number; start?: string }): Uint8Array {
  const names = ['mailbox', 'alloc', 'catalog', 'segment_open', 'segment_run', 'segment_resume'];
  names.push('segment_flush', 'segment_metrics', 'last_error');
  const empty = names.map((name) => `(func (export "rm_${name}") (result i32) (i32.const 0))`);
  const parsed = binaryen.parseText(`(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_initialize") ${start})
    (func (export "rm_abi_version") (result i32) (i32.const ${version}))
    (func (export "rm_free")) (func (export "rm_segment_close")) ${empty.join(' ')})`);
  const binary = parsed.emitBinary();
  parsed.dispose();
  return binary;
}
