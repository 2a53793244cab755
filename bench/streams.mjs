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
  const nodes = Array.from({ length }, (_, k) => ({
    id: `n${k}`,
    node_type: 'AddNode',
    params: { addend: 1 },
  }));
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
    nodes: [
      { id: 'busy', node_type: 'ExpanderNode', runtime_hint: 'python', params: { expansion_factor: 1e7 } },
    ],
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
 * Live chunks of 20 ms at 48 kHz, one every 20 ms, for some seconds through resample → VAD → Python, or with `slowMs` into
 * a node that takes so long for each. `latencies`: milliseconds from the moment that a chunk was there to the moment that
 * the page had the output which it completed, so that the filter's own delay does not count. `worstError`: how far samples
 * are from the sine that was played at the time that their timestamp says.
 */
export async function liveChunks(runner, Audio, seconds, slowMs) {
  const [rate, chunk, step] = [48000, 960, 17];
  const sineAt = (time) => 0.3 * Math.sin((time * rate) / step);
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  if (slowMs > 0) {
    runner.registerNode('SlowNode', () => async (item) => {
      await sleep(slowMs);
      return item;
    });
  }
  const last =
    slowMs > 0 ? { node_type: 'SlowNode' } : { node_type: 'PassThroughNode', runtime_hint: 'python' };
  const manifest = {
    version: 'v1',
    nodes: [
      { id: 'to16k', node_type: 'AudioResampleNode', params: { target_sample_rate: 16000 } },
      { id: 'vad', node_type: 'VADNode' },
      { id: 'last', ...last },
    ],
    connections: [
      { from: 'to16k', to: 'vad' },
      { from: 'vad', to: 'last' },
    ],
  };
  await runner.execute(manifest, [new Audio([new Float32Array(chunk)], rate, 0)]); // loads everything
  const count = seconds * 50;
  const given = [];
  async function* microphone() {
    const begun = performance.now();
    for (let k = 0; k < count; k++) {
      const wait = begun + 20 * (k + 1) - performance.now();
      if (wait > 0) await sleep(wait);
      const samples = Float32Array.from({ length: chunk }, (_, n) => sineAt((k * chunk + n) / rate));
      given.push(performance.now());
      yield new Audio([samples], rate, (k * chunk) / rate);
    }
  }
  const stream = runner.stream(manifest, microphone(), { live: slowMs > 0 ? 'latest' : 'drop_oldest' });
  const latencies = [];
  let worstError = 0;
  let received = 0;
  for await (const { item, round } of stream) {
    received++;
    if (slowMs === 0 && round !== null) latencies.push(performance.now() - given[round]);
    const { audio } = item;
    const middle = audio.frames >> 1;
    // The ends of the stream and of gaps swing in; short outputs are only that.
    if (audio.frames < 200 || received < 3) continue;
    const time = audio.timestamp + middle / audio.sampleRate;
    worstError = Math.max(worstError, Math.abs(audio.channels[0][middle] - sineAt(time)));
  }
  const { dropped } = await stream.result;
  const total = Object.values(dropped).reduce((sum, number) => sum + number, 0);
  return { latencies, received, count, dropped: total, worstError };
}

/** All workloads by name, for those who run them elsewhere. */
export const workloads = { streamedNumbers, chainOfAdds, measuredAudio, afterAbort, liveChunks };
