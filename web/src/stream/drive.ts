/** Sends streams, addressed input and ticks of generating sources: one batch after the other, as there is room. */
import { maxItems } from '../batches.js';
import { asError } from '../errors.js';
import { type Column, send } from '../feed.js';
import type { AnyInput, InputOptions } from '../input.js';
import type { EngineClient } from '../worker/client.js';
import type { Endpoint, PlanSummary } from '../worker/protocol.js';
import type { RunSession } from '../worker/session.js';
import { Intake } from './intake.js';
import { Pace } from './pace.js';
import { type Puller, pull, pullLists } from './pull.js';
import { arrange } from './sources.js';

/** Rounds of plain numbers in one batch. */
const maxNumbers = 4096;
/** Rounds in one batch, where what is made or taken shall be new. */
const maxFresh = 256;

/** What a run is fed with. */
export interface Drive {
  readonly session: RunSession;
  readonly pool: EngineClient['pool'];
  readonly plan: PlanSummary;
  readonly input: AnyInput | undefined;
  readonly options: InputOptions;
  readonly worklet: string | undefined;
  /** Drops by source, counted up. */
  readonly dropped: Record<string, number>;
  /** Called after each batch. */
  sent(): void;
  /** Told of the end of the sources, when the run ends before them. */
  readonly closing: ((closed: Promise<unknown>) => void) | null;
}

/** Resolves when all input has been sent. Throws the failure of the run or of a source. */
export async function drive(run: Drive): Promise<void> {
  const { session, plan, input, options, dropped } = run;
  const { lists, streams, generating } = arrange(plan, input, options);
  for (const { feed } of [...lists, ...streams]) for (const { node } of feed.inputs) dropped[node] = 0;
  const intake = new Intake(dropped);
  session.ended.catch(() => intake.stop());
  const capture = { chunkMs: options.chunkMs ?? 20, worklet: run.worklet };
  const pullers: Puller[] = streams.map((stream) => pull(stream.input, stream.feed, intake, capture));
  if (lists.length > 0) pullers.push(pullLists(lists, intake));
  const window = Math.min(...streams.map(({ feed }) => windowOf(feed.cap)));
  try {
    await pump(run, intake, generating, window);
  } finally {
    intake.stop();
    const closed = Promise.all(pullers.map((puller) => puller.close()));
    run.closing?.(closed);
  }
}

async function pump(
  run: Drive,
  intake: Intake,
  generating: readonly Endpoint[],
  window: number,
): Promise<void> {
  const { session, pool } = run;
  let isTicking = generating.length > 0;
  const isFresh = isTicking || Number.isFinite(window);
  const pace = isFresh ? new Pace(1, maxFresh) : new Pace(maxItems, maxNumbers);
  session.answered = (ended) => {
    if (ended) isTicking = false;
    pace.answered();
  };
  for (let first = 0; ; ) {
    if (!(isTicking && intake.isEnded)) await intake.ready();
    // How long a tick takes shows only if none waits behind another.
    await session.room(Math.min(window, isTicking ? (pace.size < maxFresh ? 1 : 2) : 4));
    const { rounds, columns } = intake.take(first, isFresh ? pace.size : Number.POSITIVE_INFINITY);
    intake.numbers = pace.size;
    const ticksAlone = rounds === 0 && isTicking && intake.isEnded && intake.failure === null;
    const count = ticksAlone ? pace.size : rounds;
    if (count === 0) break;
    const ticks = isTicking ? generating.map((source) => ticksOf(source, first, count)) : [];
    pace.sent();
    const error = send(session, pool, [...columns, ...ticks]);
    first += count;
    session.counts.itemsIn += columns.reduce((sum, { values }) => sum + values.length, 0);
    run.sent();
    if (error) return failAfter(session, error);
  }
  if (intake.failure !== null) await failAfter(session, intake.failure);
}

/** An earlier item may fail too, and then that is the run's error. */
async function failAfter(session: RunSession, error: unknown): Promise<never> {
  await session.drained();
  throw asError(error);
}

/** Batches under way at once: few where what is processed shall be new. */
function windowOf(cap: number | null): number {
  return cap === null ? Number.POSITIVE_INFINITY : Math.min(cap, 2);
}

function ticksOf(input: Endpoint, first: number, count: number): Column {
  return {
    input,
    rounds: Array.from({ length: count }, (_, k) => first + k),
    values: new Array(count).fill(null),
  };
}
