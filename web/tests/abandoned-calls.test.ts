/** Async Python nodes of cancelled runs, which go on while the next run has results in the same memory. */
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { Engine, type EngineHooks } from '../src/engine/engine.js';
import type { Run } from '../src/engine/run.js';
import { CancelledError } from '../src/errors.js';
import type { Manifest } from '../src/manifest.js';
import { decodePacket } from '../src/packet-decode.js';
import { encodePacket } from '../src/packet-encode.js';
import type { Job } from '../src/worker/protocol.js';
import { chain } from './chains.js';
import { root } from './vectors.js';

const hooks: EngineHooks = {
  progress() {},
  output() {},
  enter() {},
  askPage: () => Promise.reject(new Error('there is no page')),
};
const job: Omit<Job, 'manifest'> = {
  kind: 'run',
  runtimeHint: 'auto',
  metrics: false,
  trace: false,
  circuits: {},
  pageNodes: [],
  nodeModules: [],
  bundle: null,
};
const abandoned = 12;

/** Calls that answer one after the other, and a node that is busy for so long that each answer comes right after it. */
const nodes = `
import asyncio, time
from remotemedia.nodes.echo import EchoNode
from remotemedia.nodes.multiply import MultiplyNode

multiply = MultiplyNode.process
calls = late = 0

async def wait(self, item):
    global calls, late
    calls += 1
    await asyncio.sleep(0.2 + 0.05 * calls)
    late += 1

def work(self, item):
    end = time.perf_counter() + 0.012
    while time.perf_counter() < end:
        pass
    return multiply(self, item)

EchoNode.process, MultiplyNode.process = wait, work
`;

test('what they leave does not spoil results', async () => {
  const folder = new URL('dist/remotemedia/', pathToFileURL(root));
  const assets = { wasm: new URL('runtime.wasm', folder).href, pyodide: new URL('pyodide/', folder).href };
  const engine = new Engine(assets, hooks);
  const { pyodide } = (await engine.loadPython()) as unknown as {
    pyodide: { runPython(code: string): unknown };
  };
  pyodide.runPython(nodes);
  const open = async (manifest: Manifest, signal?: AbortSignal) => {
    const whole = { ...job, manifest: JSON.stringify(manifest) };
    return engine.open(await engine.plan(whole), whole, signal);
  };
  const push = (run: Run, k: number) => {
    const { buffer, length } = encodePacket({ rounds: [k], edges: 0, values: [k] });
    return run.push([{ segment: 0, packet: { buffer, length } }]);
  };

  for (let k = 0; k < abandoned; k++) {
    const control = new AbortController();
    const run = await open(chain({ node_type: 'EchoNode', runtime_hint: 'python' }), control.signal);
    const pushed = push(run, k);
    while (pyodide.runPython('calls') !== k + 1) await new Promise((resolve) => setTimeout(resolve));
    control.abort(new CancelledError('enough'));
    await expect(pushed).rejects.toThrow('enough');
    await run.close();
  }
  const run = await open(
    chain({ node_type: 'MultiplyNode', runtime_hint: 'python' }, { node_type: 'AddNode' }),
  );
  for (let k = 0; pyodide.runPython('late') !== abandoned; k++) {
    const { packets, error } = await push(run, k);
    expect(error).toBeNull();
    const values = packets.flatMap(({ buffer }) => decodePacket(new Uint8Array(buffer)).values);
    expect(values).toEqual([2 * k]);
  }
  await run.close();
});
