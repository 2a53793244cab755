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

/** Milliseconds of so many seconds of audio at 48 kHz through resample → VAD in Rust, page to page; one value per repetition. */
export async function wholeAudio(runner, Audio, seconds, repetitions) {
  const manifest = {
    version: 'v1',
    nodes: [
      {
        id: 'to16k',
        node_type: 'AudioResampleNode',
        params: { target_sample_rate: 16000 },
        runtime_hint: 'rust',
      },
      { id: 'vad', node_type: 'VADNode', runtime_hint: 'rust' },
    ],
    connections: [{ from: 'to16k', to: 'vad' }],
  };
  const samples = Float32Array.from({ length: seconds * 48000 }, (_, k) => 0.3 * Math.sin(k / 17));
  const times = [];
  for (let k = -3; k < repetitions; k++) {
    const begun = performance.now();
    const { outputs } = await runner.execute(manifest, [new Audio([samples], 48000)]);
    if (k >= 0) times.push(performance.now() - begun);
    if (outputs.length !== 2 && outputs.length !== 1) throw new Error('wrong outputs');
  }
  return times;
}
