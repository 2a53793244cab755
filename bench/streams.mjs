/** Streams, measured with a runner: the same code in a page and in Node.js. Each function stands by itself. */

/** Seconds that `count` numbers take through Multiply → Add in Rust, as a stream from an async generator to `for await`. */
export async function streamedNumbers(runner, count, batched, repetitions) {
  const manifest = {
    version: 'v1',
    nodes: [
      { id: 'multiply', node_type: 'MultiplyNode', params: { factor: 2 } },
      { id: 'add', node_type: 'AddNode', params: { addend: 10 } },
    ],
    connections: [{ from: 'multiply', to: 'add' }],
  };
  async function* numbers() {
    for (let k = 0; k < count; k++) yield k;
  }
  const times = [];
  for (let k = -1; k < repetitions; k++) {
    const begun = performance.now();
    let received = 0;
    let last = null;
    if (batched) {
      for await (const { items } of runner.stream(manifest, numbers(), { batched })) {
        received += items.length;
        last = items.at(-1);
      }
    } else {
      for await (const { item } of runner.stream(manifest, numbers())) {
        received++;
        last = item;
      }
    }
    if (received !== count || last !== (count - 1) * 2 + 10) throw new Error('wrong outputs');
    if (k >= 0) times.push((performance.now() - begun) / 1000);
  }
  return times;
}

/** Seconds that `count` numbers take through a chain of `length` AddNodes in Rust; one value per repetition. */
export async function chainOfAdds(runner, length, count, repetitions) {
  const nodes = Array.from({ length }, (_, k) => ({ id: `n${k}`, node_type: 'AddNode', params: { addend: 1 } }));
  const connections = nodes.slice(1).map(({ id }, k) => ({ from: `n${k}`, to: id }));
  const manifest = { version: 'v1', nodes, connections };
  const input = Array.from({ length: count }, (_, k) => k);
  const times = [];
  for (let k = -2; k < repetitions; k++) {
    const begun = performance.now();
    const { outputs } = await runner.execute(manifest, input);
    if (outputs[count - 1] !== count - 1 + length) throw new Error('wrong outputs');
    if (k >= 0) times.push((performance.now() - begun) / 1000);
  }
  return times;
}

/** Milliseconds of a run of 1 MB of audio through resample → VAD → Python, with metrics and without, in pairs. */
export async function measuredAudio(runner, Audio, repetitions) {
  const manifest = {
    version: 'v1',
    nodes: [
      { id: 'to16k', node_type: 'AudioResampleNode', params: { target_sample_rate: 16000 } },
      { id: 'vad', node_type: 'VADNode' },
      { id: 'pass', node_type: 'PassThroughNode', runtime_hint: 'python' },
    ],
    connections: [
      { from: 'to16k', to: 'vad' },
      { from: 'vad', to: 'pass' },
    ],
  };
  const samples = Float32Array.from({ length: 2 ** 18 }, (_, k) => 0.3 * Math.sin(k / 17));
  const input = Array.from({ length: 8 }, () => new Audio([samples], 48000));
  const once = async (enableMetrics) => {
    const begun = performance.now();
    await runner.execute(manifest, input, { enableMetrics });
    return performance.now() - begun;
  };
  const pairs = [];
  for (let k = -3; k < repetitions; k++) {
    // The order alternates, so that neither is always the second.
    const first = await once(k % 2 === 0);
    const second = await once(k % 2 !== 0);
    if (k >= 0) pairs.push(k % 2 === 0 ? { on: first, off: second } : { on: second, off: first });
  }
  return pairs;
}

/**
 * Milliseconds from `abort()` of a Python node in an endless loop to the first result of another pipeline on the same
 * runner, and of a cold start of that pipeline, in pairs.
 */
export async function afterAbort(PipelineRunner, assets, next, input, repetitions) {
  const endless = {
    version: 'v1',
    nodes: [{ id: 'busy', node_type: 'ExpanderNode', runtime_hint: 'python', params: { expansion_factor: 1e15 } }],
  };
  const pairs = [];
  for (let k = -1; k < repetitions; k++) {
    let begun = performance.now();
    const cold = await PipelineRunner.create({ assets });
    await cold.execute(next, input);
    const coldMs = performance.now() - begun;
    await cold.close();

    const runner = await PipelineRunner.create({ assets });
    await runner.preload(endless);
    const control = new AbortController();
    const stopped = runner.execute(endless, [1], { signal: control.signal }).then(
      () => 'finished',
      (error) => error.name,
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    begun = performance.now();
    control.abort();
    await runner.execute(next, input);
    const abortMs = performance.now() - begun;
    if ((await stopped) !== 'CancelledError') throw new Error(`the endless run ended with ${await stopped}`);
    await runner.close();
    if (k >= 0) pairs.push({ abortMs, coldMs });
  }
  return pairs;
}

/**
 * Live chunks of 20 ms at 48 kHz, one every 20 ms, for some seconds through resample → VAD → Python. Gives for every
 * output the milliseconds from the moment that its chunk was there to the moment that the page had it. An output belongs
 * to the chunk that completes it, so the filter's own delay does not count.
 */
export async function liveChunks(runner, Audio, seconds, slowMs) {
  const slow = slowMs > 0;
  if (slow) {
    runner.registerNode('SlowNode', () => async (item) => {
      await new Promise((resolve) => setTimeout(resolve, slowMs));
      return item;
    });
  }
  const manifest = {
    version: 'v1',
    nodes: [
      { id: 'to16k', node_type: 'AudioResampleNode', params: { target_sample_rate: 16000 } },
      { id: 'vad', node_type: 'VADNode' },
      slow ? { id: 'last', node_type: 'SlowNode' } : { id: 'last', node_type: 'PassThroughNode', runtime_hint: 'python' },
    ],
    connections: [
      { from: 'to16k', to: 'vad' },
      { from: 'vad', to: 'last' },
    ],
  };
  await runner.preload(manifest);
  await runner.execute(manifest, [new Audio([new Float32Array(960)], 48000, 0)]);
  const count = seconds * 50;
  const given = [];
  async function* microphone() {
    const begun = performance.now();
    for (let k = 0; k < count; k++) {
      const wait = begun + 20 * (k + 1) - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      given.push(performance.now());
      const samples = Float32Array.from({ length: 960 }, (_, n) => 0.3 * Math.sin((k * 960 + n) / 17));
      yield new Audio([samples], 48000, k * 0.02);
    }
  }
  const stream = runner.stream(manifest, microphone(), { live: slow ? 'latest' : 'drop_oldest' });
  const latencies = [];
  let worstTimestamp = 0;
  let received = 0;
  // Input rounds count only what was not dropped, so a chunk is found by its time.
  for await (const { item, round } of stream) {
    if (round === null) continue;
    received++;
    const { timestamp, frames, sampleRate } = item.audio;
    const end = timestamp + frames / sampleRate;
    const chunk = Math.min(count - 1, Math.round(end / 0.02 + 0.4999));
    latencies.push(performance.now() - given[Math.min(chunk, given.length - 1)]);
    // A sample of the resampled sine tells when it was taken.
    worstTimestamp = Math.max(worstTimestamp, Math.abs(timestamp * 16000 - Math.round(timestamp * 16000)));
  }
  const { dropped } = await stream.result;
  return { latencies, received, count, dropped: Object.values(dropped).reduce((a, b) => a + b, 0), worstTimestamp };
}
