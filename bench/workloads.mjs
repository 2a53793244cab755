/**
 * What is measured with a runner, the same in a page and in Node.js. Each function stands alone: in Chromium its source is
 * sent to the page.
 */

/** Microseconds per item and node of 10,000 numbers through Multiply → Add, crossings included; one value per repetition. */
export async function scalars(runner, runtime, repetitions) {
  const manifest = {
    version: 'v1',
    nodes: [
      { id: 'multiply', node_type: 'MultiplyNode', params: { factor: 2 }, runtime_hint: runtime },
      { id: 'add', node_type: 'AddNode', params: { addend: 10 }, runtime_hint: runtime },
    ],
    connections: [{ from: 'multiply', to: 'add' }],
  };
  const count = 10_000;
  const input = Array.from({ length: count }, (_, index) => index / 2);
  await runner.execute(manifest, input);
  const times = [];
  for (let k = 0; k < repetitions; k++) {
    const begun = performance.now();
    const { outputs } = await runner.execute(manifest, input);
    times.push(((performance.now() - begun) * 1000) / (count * 2));
    if (outputs.length !== count || outputs[3] !== 13) throw new Error('wrong outputs');
  }
  return times;
}

/**
 * The hop from Rust to Python of f32 tensors: the crossing's time as the metrics of the run give it (from the memory of the
 * Rust module to an array in Python, without the work of nodes and engines), and the same bytes copied with
 * TypedArray.set between as many buffers, both in microseconds per tensor; one pair per repetition.
 */
export async function hop(runner, tensor, megabytes, count, repetitions) {
  const manifest = {
    version: 'v1',
    nodes: [
      { id: 'rust', node_type: 'PassThroughNode', runtime_hint: 'rust' },
      // Drops its input: nothing has to be carried back.
      { id: 'python', node_type: 'ExpanderNode', params: { expansion_factor: 0 }, runtime_hint: 'python' },
    ],
    connections: [{ from: 'rust', to: 'python' }],
  };
  const from = new Float32Array(megabytes * 2 ** 18).fill(0.5);
  const to = new Float32Array(from.length);
  const input = Array.from({ length: count }, () => tensor(from));
  const pairs = [];
  for (let k = -3; k < repetitions; k++) {
    const { metrics } = await runner.execute(manifest, input, { enableMetrics: true });
    const crossing = metrics.crossing_metrics.find(
      (row) => row.from === 'rust:runtime' && row.to === 'python',
    );
    const copies = Math.max(count, 8);
    const begun = performance.now();
    for (let copy = 0; copy < copies; copy++) to.set(from);
    const copyUs = ((performance.now() - begun) * 1000) / copies;
    if (k >= 0) pairs.push({ hopUs: crossing.total_duration_us / count, copyUs });
  }
  return pairs;
}
