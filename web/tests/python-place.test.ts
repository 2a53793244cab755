/** The place of Python nodes, alone with a real Pyodide. */
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { Engine } from '../src/engine/engine.js';
import { done, failed, more, noLimit, type SegmentNode, type StepResult } from '../src/engine/place.js';
import { PythonPlace } from '../src/engine/python-place.js';
import { RuntimeLoadError } from '../src/errors.js';
import type { ProgressEvent } from '../src/metrics.js';
import { readLayout } from '../src/packet.js';
import { decodeParts } from '../src/packet-decode.js';
import { encodePacket } from '../src/packet-encode.js';
import { Tensor, type Value } from '../src/values.js';
import { difference, root } from './vectors.js';

const folder = pathToFileURL(`${root}dist/remotemedia/pyodide/`).href;
const printed: string[] = [];
const progress: [number, number][] = [];
let place: PythonPlace;

beforeAll(async () => {
  place = await PythonPlace.load(folder, [], {
    output: (stream, text) => printed.push(`${stream}: ${text}`),
    progress: (loaded, total) => progress.push([loaded, total]),
    loaded() {},
  });
});

/** Runs Python code beside the engine. */
function python(code: string): void {
  (place as unknown as { pyodide: { runPython(code: string): void } }).pyodide.runPython(code);
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

test('loading packages is reported', async () => {
  expect(progress.slice(0, 2)).toEqual([
    [0, 1],
    [1, 1],
  ]);
  // numpy: here, or when a test above sent an array.
  await place.require(['numpy', 'remotemedia']);
  expect(progress.slice(2)).toEqual([
    [0, 1],
    [1, 1],
  ]);
});

test('the engine reports both parts of the start', async () => {
  const events: ProgressEvent[] = [];
  const engine = new Engine(
    { wasm: '', pyodide: folder },
    {
      progress: (event) => events.push(event),
      output() {},
      enter() {},
      askPage: () => Promise.reject(new Error('not asked')),
    },
  );
  await engine.loadPython();
  expect(events).toEqual([
    { phase: 'load-pyodide', loaded: 0, total: 1 },
    { phase: 'load-packages', loaded: 0, total: 1 },
    { phase: 'load-packages', loaded: 1, total: 1 },
    { phase: 'load-pyodide', loaded: 1, total: 1 },
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
    const nowhere = PythonPlace.load('file:///nowhere/', [], { output() {}, progress() {}, loaded() {} });
    await expect(nowhere).rejects.toBeInstanceOf(RuntimeLoadError);
  });
});
