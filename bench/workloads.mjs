/** What is measured with a runner, the same in a page and in Node.js. */

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
  const input = Array.from({ length: count }, (_, index) => index);
  const times = [];
  // The first runs warm up engines and compilers.
  for (let k = -10; k < repetitions; k++) {
    const begun = performance.now();
    const { outputs } = await runner.execute(manifest, input);
    if (k >= 0) times.push(((performance.now() - begun) * 1000) / (count * 2));
    if (outputs.length !== count || outputs[3] !== 16) throw new Error('wrong outputs');
  }
  return times;
}
