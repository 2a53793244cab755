/**
 * The hop of a tensor from Rust to Python, through the library's own places: the Rust module gives a packet that points
 * into its memory, Python takes it as an array, again and again; copying the same bytes by TypedArray.set in a loop of as
 * many is the reference.
 */

import { noLimit, type SegmentMetrics, type StepResult } from '../web/src/engine/place.js';
import { PythonPlace } from '../web/src/engine/python-place.js';
import { WasiPlace } from '../web/src/engine/wasi-place.js';
import type { Packet } from '../web/src/packet.js';
import { readLayout } from '../web/src/packet.js';
import { encodePacket } from '../web/src/packet-encode.js';
import { Tensor } from '../web/src/values.js';

/** Microseconds per hop and per copy of the same bytes. */
export interface Pair {
  readonly hopUs: number;
  readonly copyUs: number;
}

/** A segment of one node between an edge in and an edge out. */
function segment(node: object, metrics: boolean): string {
  return JSON.stringify({
    place: 'bench',
    runtime: 'bench',
    requires: [],
    metrics,
    nodes: [
      { id: '__in_0', node_type: '__In', params: { edge: 0 } },
      { id: 'n', order: 0, on_error: 'fail', ...node },
      { id: '__out_1', node_type: '__Out', params: { edge: 0, to: 1 } },
    ],
    connections: [
      { from: '__in_0.out', to: 'n.in' },
      { from: 'n.out', to: '__out_1.in' },
    ],
  });
}

/** Loads both runtimes; the function it gives measures. */
export async function prepare(wasmUrl: string, pyodideUrl: string) {
  const silent = { enter() {}, stderr() {}, output() {}, loaded() {}, progress() {}, interrupt: null };
  const wasi = await WasiPlace.load(wasmUrl, silent);
  const python = await PythonPlace.load({ pyodide: pyodideUrl }, ['numpy'], silent);

  /** Time in calls of a Python segment beyond its node and its engine, for `count` hops of the same packets. */
  function hops(packets: readonly Packet[], count: number): number {
    // It drops its input, so that nothing has to be carried back.
    const params = { expansion_factor: 0 };
    const target = python.open(segment({ node_type: 'ExpanderNode', params }, true));
    const begun = performance.now();
    for (let hop = 0; hop < count; hop++) target.run(packets, noLimit);
    const calledMs = performance.now() - begun;
    const { nodes, engine_us = 0 } = target.metrics() as SegmentMetrics;
    target.close();
    return calledMs * 1000 - engine_us - (nodes[0]?.total_duration_us ?? 0);
  }

  /** One pair per repetition, each the mean of `count` tensors, of which `together` cross in one packet. */
  return (megabytes: number, together: number, count: number, repetitions: number): Pair[] => {
    const data = new Float32Array(megabytes * 2 ** 18).fill(0.5);
    const values = Array.from({ length: together }, () => new Tensor('f32', [data.length], data.slice()));
    const rounds = values.map((_, round) => round);
    const input = readLayout(encodePacket({ rounds, edges: 0, values }));
    const rust = wasi.open(segment({ node_type: 'PassThroughNode', params: {} }, false));
    // As many buffers as the hop has, so that both find the same in the caches.
    const buffers = values.map((value) => ({ from: value.data, to: new Float32Array(data.length) }));
    // Views of the module's memory: Python copies straight out of it.
    const packets = (rust.run([input], noLimit) as StepResult).outputs.map(({ packet }) => packet);
    const pairs: Pair[] = [];
    for (let repetition = -3; repetition < repetitions; repetition++) {
      const hopUs = hops(packets, count / together) / count;
      const begun = performance.now();
      for (let k = 0; k < count / together; k++) for (const { from, to } of buffers) to.set(from);
      const copyUs = ((performance.now() - begun) * 1000) / count;
      if (repetition >= 0) pairs.push({ hopUs, copyUs });
    }
    rust.close();
    return pairs;
  };
}
