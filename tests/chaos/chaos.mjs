/**
 * Kills engines at random points of runs, and says what went wrong. Runs in pages and in Node.js.
 *
 * Every item carries its number, so what was delivered must be 0, 1, 2… without a gap or a repetition. Every call must
 * settle, also those that wait, and the next run of the same runner must give everything.
 */

const outside = ['abort', 'terminate', 'close', 'leave'];
const inside = ['closes', 'throws', 'throws-later'];

/**
 * Kills `kills` runs; resolves what was wrong, and how many runs ended how.
 */
export async function chaos(host, { seed, kills, python, progress = () => {} }) {
  const random = randomFrom(seed);
  const wrong = [];
  const endings = {};
  let runner = await opened(host);
  for (let index = 0; index < kills; index++) {
    const kill = draw(random, python);
    const title = `seed ${seed}, kill ${index}: ${JSON.stringify(kill)}`;
    progress(title);
    const problems = [];
    const ending = await killed(host, runner, kill, problems);
    endings[ending] = (endings[ending] ?? 0) + 1;
    if (kill.way === 'close') runner = await opened(host);
    await worksAgain(runner, kill, ending, problems);
    wrong.push(...problems.map((problem) => `${title}: ${problem}`));
  }
  await runner.close();
  return { wrong, endings };
}

async function opened({ create, dyingNode }) {
  const runner = await create();
  runner.registerNode('DyingNode', dyingNode);
  return runner;
}

/** One kill: what kind of run, how it is killed, and when. */
function draw(random, python) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const way = pick([...outside, ...outside, ...inside]);
  const items = 200 + Math.floor(random() * 6000);
  return {
    way,
    python,
    streamed: way === 'leave' || random() < 0.6,
    items,
    /** The killing item: when it is delivered (or reached, for a kill from inside). */
    at: Math.floor(random() * random() * items),
    /** Further wait before a kill from outside, in milliseconds; at 0 also before anything is delivered. */
    wait: pick([0, 0, 1, 3, python ? 30 : 6]),
    atOnce: random() < 0.15,
    queued: Math.floor(random() * 3),
  };
}

/** Makes a run and kills it; notes problems and says how it ended. */
async function killed(host, runner, kill, problems) {
  const control = new AbortController();
  let settled = false;
  const strike = once(async () => {
    if (kill.wait > 0) await later(kill.wait);
    if (settled) return;
    if (kill.way === 'abort') control.abort();
    if (kill.way === 'terminate') for (const worker of host.workers.splice(0)) worker.terminate();
    if (kill.way === 'close') await runner.close();
  });
  const delivered = { all: [], doubled: [] };
  const run = (kill.streamed ? streamed : executed)(runner, kill, control.signal, delivered, strike);
  const queued = Array.from({ length: kill.queued }, (_, index) => runner.execute(pass, [{ n: index }]));
  const waiting = Promise.allSettled(queued);
  if (kill.atOnce && outside.includes(kill.way)) strike();
  let failure = '';
  const ending = await run.then(
    () => 'finished',
    (error) => {
      failure = error;
      return error.name ?? String(error);
    },
  );
  settled = true;
  await strike.done();
  checkEnding(kill, ending, failure, problems);
  checkDelivered(kill, ending, delivered, problems);
  checkQueued(kill, ending, await waiting, problems);
  return ending;
}

async function streamed(runner, kill, signal, delivered, strike) {
  const stream = runner.stream(manifestOf(kill), numbered(kill.items), { signal });
  const result = stream.result.then(
    () => null,
    (error) => error,
  );
  for await (const { sink, item } of stream) {
    delivered[sink].push(item.n);
    if (sink === 'all' && item.n === kill.at) {
      if (kill.way === 'leave') return;
      strike();
    }
  }
  const error = await result;
  if (error) throw error;
}

async function executed(runner, kill, signal, delivered, strike) {
  const onProgress = ({ phase, itemsOut }) => phase === 'run' && itemsOut > kill.at && strike();
  const take = ({ sinks }) => {
    for (const [sink, items] of Object.entries(sinks)) delivered[sink].push(...items.map(({ n }) => n));
  };
  try {
    take(await runner.execute(manifestOf(kill), numbered(kill.items), { signal, onProgress }));
  } catch (error) {
    if (error.partial) take(error.partial);
    throw error;
  }
}

const allowed = {
  abort: ['finished', 'CancelledError'],
  close: ['finished', 'ClosedError'],
  terminate: ['finished', 'RuntimeLoadError'],
  leave: ['finished'],
  closes: ['RuntimeLoadError'],
  throws: ['NodeError'],
  'throws-later': ['finished', 'RuntimeLoadError'],
};

function checkEnding(kill, ending, failure, problems) {
  if (!allowed[kill.way].includes(ending)) problems.push(`ended with ${ending}: ${failure.message}`);
}

function checkDelivered(kill, ending, { all, doubled }, problems) {
  const gap = all.findIndex((n, index) => n !== index);
  if (gap >= 0) problems.push(`item ${gap} is ${all[gap]}`);
  const other = doubled.findIndex((n, index) => n !== index >> 1);
  if (other >= 0) problems.push(`doubled item ${other} is ${doubled[other]}`);
  if (ending !== 'finished' || kill.way === 'leave') return;
  if (all.length !== kill.items || doubled.length !== 2 * kill.items) {
    problems.push(`finished with ${all.length} and ${doubled.length} of ${kill.items} items`);
  }
}

function checkQueued(kill, ending, outcomes, problems) {
  for (const [index, { status, value, reason }] of outcomes.entries()) {
    if (status === 'fulfilled') {
      if (value.outputs.length !== 1 || value.outputs[0].n !== index)
        problems.push(`queued call ${index} gave else`);
    } else if (
      !(kill.way === 'close' && reason.name === 'ClosedError') &&
      !(index === 0 && late(kill, ending, reason))
    ) {
      problems.push(`queued call ${index}: ${reason}`);
    }
  }
}

/** Whether the worker died only after the killed run had ended, so that it took the next one with it. */
function late(kill, ending, reason) {
  return (
    ending === 'finished' && ['terminate', 'throws-later'].includes(kill.way) && reason.code === 'worker_died'
  );
}

async function worksAgain(runner, kill, ending, problems) {
  const run = () => runner.execute(manifestOf({ ...kill, way: 'abort' }), numbered(40));
  try {
    const { sinks } = await run().catch((error) =>
      late(kill, ending, error) ? run() : Promise.reject(error),
    );
    if (sinks.all.length !== 40 || sinks.doubled.length !== 80) problems.push('the next run gave else');
  } catch (error) {
    problems.push(`the next run failed: ${error}`);
  }
}

const pass = { version: 'v1', nodes: [{ id: 'p', node_type: 'PassThroughNode' }] };

/** Source → (Python) → `all`, and each item twice to `doubled`; with a dying node in between if it kills. */
function manifestOf({ way, at, python }) {
  const runtime_hint = python ? 'python' : 'rust';
  const dies = inside.includes(way);
  const middle = dies
    ? { id: 'middle', node_type: 'DyingNode', params: { how: way, at } }
    : { id: 'middle', node_type: 'PassThroughNode', runtime_hint };
  return {
    version: 'v1',
    nodes: [
      { id: 'source', node_type: 'PassThroughNode' },
      { id: 'python', node_type: 'PassThroughNode', runtime_hint },
      middle,
      { id: 'all', node_type: 'PassThroughNode' },
      { id: 'doubled', node_type: 'ExpanderNode', params: { expansion_factor: 2 } },
    ],
    connections: [
      { from: 'source', to: 'python' },
      { from: 'python', to: 'middle' },
      { from: 'middle', to: 'all' },
      { from: 'middle', to: 'doubled' },
    ],
  };
}

function numbered(count) {
  return Array.from({ length: count }, (_, n) => ({ n, samples: new Uint8Array(n % 7 === 0 ? 2000 : 8) }));
}

/** Calls `work` at most once; `done()` waits for it if it was called. */
function once(work) {
  let running = null;
  const call = () => {
    running ??= work();
  };
  call.done = () => running;
  return call;
}

function later(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** mulberry32: numbers from 0 to below 1 that a seed determines. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
