/** Rows of streams, chains, metrics and live audio, from the workloads of bench/streams.mjs. `evaluate` runs one of them. */
import { median, quantile } from './statistics.mjs';

const row = (name, unit, value, bar, reference = null) => ({
  name,
  unit,
  value,
  reference,
  ratio: reference === null ? null : value / reference,
  bar,
});

/** Streams of numbers, item by item and batched, and whether time grows with nodes and items alone. */
export async function streamRows(evaluate) {
  const million = 1_000_000;
  const perItem = (times, count) => (median(times) * 1e6) / count;
  const single = perItem(await evaluate('streamedNumbers', million, false, 5), million);
  const batched = perItem(await evaluate('streamedNumbers', million, true, 5), million);
  const rows = [
    row('stream of 1,000,000 numbers, Multiply → Add in rust, item by item, per item', 'µs', single, 2),
    row('the same, batched', 'µs', batched, 1),
  ];
  const small = perItem(await evaluate('streamedNumbers', 10_000, false, 9), 10_000);
  const middle = perItem(await evaluate('streamedNumbers', 100_000, false, 5), 100_000);
  rows.push(row('stream: per item of 100,000 / of 10,000', 'µs', middle, null, small));
  rows.push(row('stream: per item of 1,000,000 / of 10,000', 'µs', single, null, small));
  const chains = [];
  for (const length of [20, 200, 2000]) {
    const times = await evaluate('chainOfAdds', length, 1000, 7);
    chains.push((median(times) * 1e6) / (length * 1000));
  }
  rows.push(row('chain: per item and node of 200 nodes / of 20', 'µs', chains[1], null, chains[0]));
  rows.push(row('chain: per item and node of 2,000 nodes / of 20', 'µs', chains[2], null, chains[0]));
  return rows;
}

/** What metrics cost on 8 MB of audio in items of 1 MB. */
export async function metricsRow(evaluate) {
  const pairs = await evaluate('measuredAudio', 'Audio', 25);
  const ratio = median(pairs.map(({ on, off }) => on / off));
  const off = median(pairs.map((pair) => pair.off));
  return {
    ...row('1 MB of audio through resample → VAD → Python, metrics on / off', 'ms', off * ratio, 1.02, off),
    ratio,
  };
}

/** Live audio: latency and drops. */
export async function liveRows(evaluate) {
  const live = await evaluate('liveChunks', 'Audio', 60, 0);
  const slow = await evaluate('liveChunks', 'Audio', 20, 55);
  return [
    row(
      'live audio, 60 s in chunks of 20 ms, resample → VAD → Python: p50 latency',
      'ms',
      median(live.latencies),
      null,
    ),
    row('the same: p99 latency', 'ms', quantile(live.latencies, 0.99), 10),
    row('the same: chunks dropped', 'of 3,000', live.dropped, 0),
    row('live audio, 20 s into a node of 55 ms, latest: chunks dropped', 'of 1,000', slow.dropped, null),
    row(
      'both: largest difference between a sample and the sine at its timestamp',
      '',
      Math.max(live.worstError, slow.worstError),
      0.01,
    ),
  ];
}

/** From abort() of an endless Python node to the next pipeline's first result, against a cold start of that. */
export function abortRow(what, pairs) {
  return {
    ...row(
      `abort of an endless Python node → first result of ${what} / cold start`,
      'ms',
      median(pairs.map((p) => p.abortMs)),
      1.3,
      median(pairs.map((p) => p.coldMs)),
    ),
    ratio: median(pairs.map(({ abortMs, coldMs }) => abortMs / coldMs)),
  };
}

/** Planning and opening a chain of 2,000 nodes, and of 200. */
export async function planningRows(measure) {
  const [small, large] = [median(await measure(200, 15)), median(await measure(2000, 15))];
  return [
    row('plan and open a chain of 2,000 nodes', 'ms', large, 50),
    row('plan and open: per node of 2,000 / of 200', 'µs', large / 2, null, small * 5),
  ];
}
