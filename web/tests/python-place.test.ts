/** The place of Python nodes, alone with a real Pyodide. */
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { Engine } from '../src/engine/engine.js';
import { done, failed, more, noLimit, type SegmentNode, type StepResult } from '../src/engine/place.js';
import { PythonPlace } from '../src/engine/python-place.js';
import { CancelledError, RuntimeLoadError } from '../src/errors.js';
import type { ProgressEvent } from '../src/metrics.js';
import { readLayout } from '../src/packet.js';
import { decodePacket, decodeParts } from '../src/packet-decode.js';
import { encodePacket } from '../src/packet-encode.js';
import { Tensor, type Value } from '../src/values.js';
import type { Job } from '../src/worker/protocol.js';
import { difference, root } from './vectors.js';

const folder = pathToFileURL(`${root}dist/remotemedia/pyodide/`).href;
const printed: string[] = [];
const progress: [phase: string, loaded: number, total: number][] = [];
const interrupt = new Uint8Array(new SharedArrayBuffer(1));
const silent = { enter() {}, output() {}, progress() {}, loaded() {}, interrupt: null };
let place: PythonPlace;

beforeAll(async () => {
  place = await PythonPlace.load({ pyodide: folder }, [], {
    ...silent,
    output: (stream, text) => void printed.push(`${stream}: ${text}`),
    progress: (...step) => void progress.push(step),
    interrupt,
  });
});

/** Runs Python code beside the engine. */
function python(code: string, where = place): void {
  (where as unknown as { pyodide: { runPython(code: string): void } }).pyodide.runPython(code);
}

function segmentOf(node: Partial<SegmentNode>): string {
  return JSON.stringify({
    place: 'python',
    runtime: 'python',
    requires: [],
    metrics: false,
    nodes: [
      { id: '__in_0', node_type: '__In', params: { edge: 0 } },
      { id: 'a', node_type: 'PassThroughNode', params: {}, order: 0, on_error: 'fail', ...node },
      { id: '__out_1', node_type: '__Out', params: { edge: 1, to: null } },
    ],
    connections: [
      { from: '__in_0.out', to: 'a.in' },
      { from: 'a.*', to: '__out_1.in' },
    ],
  });
}

function packetOf(values: Value[]) {
  return readLayout(encodePacket({ rounds: values.map((_, index) => index), edges: 0, values }));
}

function valuesOf({ outputs }: StepResult): Value[] {
  return outputs.flatMap(({ packet }) => decodeParts(packet).values);
}

describe('results', () => {
  test('larger than the arena, again and again', async () => {
    const segment = place.open(segmentOf({}));
    for (const elements of [10, 100_000, 1000, 3_000_000]) {
      const tensor = new Tensor('f32', [elements], new Float32Array(elements).fill(elements));
      let result = await segment.run([packetOf([tensor, 'x'])], noLimit);
      const values = valuesOf(result);
      expect(difference(values[0], tensor)).toBeNull();
      while (result.status === more) {
        result = await segment.resume();
        values.push(...valuesOf(result));
      }
      expect(result.status).toBe(done);
      expect(values[1]).toBe('x');
    }
    segment.close();
    segment.close();
  });

  test('after memory growth has detached the arena', async () => {
    const segment = place.open(segmentOf({}));
    expect(valuesOf(await segment.run([packetOf(['before'])], noLimit))).toEqual(['before']);
    python('kept = bytearray(200_000_000)');
    expect(valuesOf(await segment.run([packetOf(['after'])], noLimit))).toEqual(['after']);
    python('del kept');
    segment.close();
  });

  test('of async nodes', async () => {
    python(`
import asyncio
from remotemedia.nodes.echo import EchoNode
sync = EchoNode.process
async def later(self, item):
    await asyncio.sleep(0.01)
    if item == "bad":
        raise ValueError("it was bad")
    return [item]
EchoNode.process = later
`);
    const segment = place.open(segmentOf({ node_type: 'EchoNode' }));
    expect(valuesOf(await segment.run([packetOf([1, 2])], noLimit))).toEqual([[1], [2]]);
    const { status, error } = await segment.run([packetOf([1, 'bad'])], noLimit);
    expect(status).toBe(failed);
    expect(error).toMatchObject({ name: 'NodeError', node_id: 'a', runtime: 'python', item_index: 1 });
    expect(error?.message).toContain('it was bad');
    segment.close();
    python('EchoNode.process = sync');
  });
});

test('memory is counted after growth has detached the arena', () => {
  const before = place.memoryBytes;
  expect(before).toBeGreaterThan(0);
  python('kept = bytearray(400_000_000)');
  expect(place.memoryBytes).toBeGreaterThanOrEqual(Math.max(before, 400_000_000));
  python('del kept');
});

test('loading is reported', async () => {
  const start = [0, 1, 2, 3].map((loaded) => ['load-pyodide', loaded, 3]);
  expect(progress.slice(0, 4)).toEqual(start);
  // numpy: here, or when a test above sent an array.
  await place.require(['numpy', 'remotemedia']);
  expect(progress.slice(4)).toEqual([
    ['load-packages', 0, 1],
    ['load-packages', 1, 1],
  ]);
});

test('what nodes print is handed on', async () => {
  python(`
import sys
print("hello")
print("careful", file=sys.stderr)
`);
  expect(printed).toEqual(['stdout: hello', 'stderr: careful']);
});

describe('failures', () => {
  test('a segment that cannot be opened', () => {
    expect(() => place.open(segmentOf({ node_type: 'NobodyNode' }))).toThrow(/NobodyNode/);
  });

  test('a package that is not there', async () => {
    await expect(place.require(['no-such-package'])).rejects.toBeInstanceOf(RuntimeLoadError);
    await expect(place.require(['no-such-package'])).rejects.toThrow(/no-such-package/);
  });

  test('a folder without Pyodide', async () => {
    const nowhere = PythonPlace.load({ pyodide: 'file:///nowhere/' }, [], silent);
    await expect(nowhere).rejects.toBeInstanceOf(RuntimeLoadError);
  });

  test('a package whose wheel is missing, which is asked for nowhere else', async () => {
    const without = mkdtempSync(join(tmpdir(), 'remotemedia-'));
    const files = readdirSync(new URL(folder)).filter((name) => !name.startsWith('numpy'));
    for (const name of files) symlinkSync(new URL(name, folder), join(without, name));
    const fetched = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('no network'));
    const lacking = await PythonPlace.load({ pyodide: pathToFileURL(`${without}/`).href }, ['numpy'], silent);
    await expect(lacking.require(['numpy'])).rejects.toThrow(/packages numpy cannot be loaded/);
    expect(fetched.mock.calls).toEqual([]);
    fetched.mockRestore();
    rmSync(without, { recursive: true });
  });

  test('of close', async () => {
    python(`
from remotemedia.nodes.echo import EchoNode
EchoNode.close = lambda self: 1 / 0
`);
    const segment = place.open(segmentOf({ node_type: 'EchoNode' }));
    expect(() => segment.close()).toThrow(/ZeroDivisionError/);
    segment.close();
    python('del EchoNode.close');
  });

  test('memory that there is not is an error of the node', async () => {
    python(`
from remotemedia.nodes.echo import EchoNode
sync = EchoNode.process
EchoNode.process = lambda self, item: bytearray(1 << 30) * 8
`);
    const segment = place.open(segmentOf({ node_type: 'EchoNode' }));
    const { error } = await segment.run([packetOf([1])], noLimit);
    expect(error).toMatchObject({ name: 'NodeError', code: 'out_of_memory', node_id: 'a', item_index: 0 });
    segment.close();
    python('EchoNode.process = sync');
  });
});

describe('an interrupt', () => {
  /** Writes it from another thread, because this one is busy in Python; one that came too early would be lost. */
  function interruptOnceSpinning(): Worker {
    const spinning = new Int32Array(new SharedArrayBuffer(4));
    const begin = () => {
      Atomics.store(spinning, 0, 1);
      Atomics.notify(spinning, 0);
    };
    Object.assign(globalThis, { begin });
    const code = `const { spinning, interrupt } = require('node:worker_threads').workerData;
      Atomics.wait(spinning, 0, 0);
      interrupt[0] = 2;`;
    return new Worker(code, { eval: true, workerData: { spinning, interrupt } });
  }

  test('ends an endless loop as a cancel, and Python goes on', async () => {
    python(`
import js
from remotemedia.nodes.echo import EchoNode
sync = EchoNode.process
def spin(self, item):
    js.begin()
    while True:
        pass
EchoNode.process = spin
`);
    const segment = place.open(segmentOf({ node_type: 'EchoNode' }));
    const other = interruptOnceSpinning();
    const { status, error } = await segment.run([packetOf([1])], noLimit);
    expect(status).toBe(failed);
    expect(error).toMatchObject({ name: 'CancelledError', code: 'cancelled' });
    segment.close();
    await other.terminate();
    python('EchoNode.process = sync');
    const next = place.open(segmentOf({}));
    expect(valuesOf(await next.run([packetOf([1])], noLimit))).toEqual([1]);
    next.close();
  });
});

describe('in an engine', () => {
  const events: ProgressEvent[] = [];
  const buffer = new SharedArrayBuffer(1);
  const hooks = {
    progress: (event: ProgressEvent) => void events.push(event),
    output() {},
    enter() {},
    askPage: () => Promise.reject(new Error('not asked')),
  };
  const wasm = pathToFileURL(`${root}dist/remotemedia/runtime.wasm`).href;
  const engine = new Engine({ wasm, pyodide: folder }, hooks, buffer);
  const manifest = { version: 'v1', nodes: [{ id: 'a', node_type: 'EchoNode', runtime_hint: 'python' }] };
  const job: Job = {
    kind: 'run',
    manifest: JSON.stringify(manifest),
    runtimeHint: 'auto',
    metrics: false,
    trace: false,
    circuits: {},
    pageNodes: [],
    nodeModules: [],
    bundle: null,
  };

  async function open(signal?: AbortSignal) {
    return engine.open(await engine.plan(job), job, signal);
  }

  function push(run: Awaited<ReturnType<typeof open>>) {
    const packet = encodePacket({ rounds: [0], edges: 0, values: ['x'] });
    return run.push([{ segment: 0, packet: { buffer: packet.buffer, length: packet.length } }]);
  }

  test('all parts of the start are reported', async () => {
    await engine.loadPython();
    expect(events).toEqual([0, 1, 2, 3].map((loaded) => ({ phase: 'load-pyodide', loaded, total: 3 })));
    await engine.loadWasm();
    const bytes = statSync(new URL(wasm)).size;
    expect(events.slice(4)).toEqual([
      { phase: 'load-wasm', loaded: 0, total: null },
      { phase: 'load-wasm', loaded: bytes, total: bytes },
    ]);
  });

  test('an interrupt that comes between two calls of nodes is a cancel, and one that is forgotten does nothing', async () => {
    const before = await engine.loadPython();
    const work = () => python('for _ in range(1_000_000): pass', before);
    new Uint8Array(buffer)[0] = 2;
    let thrown: unknown;
    try {
      work();
    } catch (error) {
      thrown = engine.failure(error);
    }
    expect(thrown instanceof CancelledError).toBe(true);
    // Not toBe(): what it prints of a Python that differs has no end.
    expect((await engine.loadPython()) === before).toBe(true);
    new Uint8Array(buffer)[0] = 2;
    engine.clearInterrupt();
    work();
  });

  test('a cancel does not wait for an async node, which does no harm when it ends later', async () => {
    const place = await engine.loadPython();
    python(
      `
import asyncio
from remotemedia.nodes.echo import EchoNode
sync = EchoNode.process
async def later(self, item):
    await asyncio.sleep(0.2)
    return "late"
EchoNode.process = later
`,
      place,
    );
    const control = new AbortController();
    const run = await open(control.signal);
    setTimeout(() => control.abort(new CancelledError('enough')), 50);
    await expect(push(run)).rejects.toThrow('enough');
    expect(await run.close()).toBeUndefined();
    const other = await open();
    const results = await Promise.all([push(other), sleep(300)]);
    expect(results[0].error).toBeNull();
    const [packet] = results[0].packets;
    expect(decodePacket(new Uint8Array(packet?.buffer ?? new ArrayBuffer(0))).values).toEqual(['late']);
    await other.close();
    python('EchoNode.process = sync', place);
  });

  test('a Python that ran out of memory says so', async () => {
    await engine.loadPython();
    const fatal = Object.assign(new Error('Aborted(OOM)'), { pyodide_fatal_error: true });
    const failure = engine.failure(fatal);
    expect(failure).toBeInstanceOf(RuntimeLoadError);
    expect(failure.code).toBe('out_of_memory');
  });

  test('a Python that died is started anew', async () => {
    const before = await engine.loadPython();
    python(
      `
import ctypes
from remotemedia.nodes.echo import EchoNode
EchoNode.process = lambda self, item: ctypes.string_at(0xfffffff0)
`,
      before,
    );
    const run = await open();
    const failure = engine.failure(await push(run).catch((error: unknown) => error));
    expect(failure).toBeInstanceOf(RuntimeLoadError);
    await run.close();
    const again = await open();
    expect((await engine.loadPython()) === before).toBe(false);
    expect((await push(again)).error).toBeNull();
    expect(await again.close()).toBeUndefined();
  });
});
