/** Several ways to do the same thing, timed in turns. */
import { median } from '../statistics.mjs';

/**
 * Asks every contestant for some times, and that again and again, so that a machine that is busy for a while is so for
 * all of them. A contestant is `{ who, host, times(n), n }`; one that fails is left out from then on, with its reason.
 * `reference` says what a contestant is compared with: the ratio is the median of those of the rounds.
 * Resolves to `{ who, host, value, min, reference, ratio, error }`, all in the unit of the times.
 */
export async function compete(contestants, { rounds, reference }) {
  const entries = contestants.map((contestant) => ({ contestant, rounds: [], error: null }));
  for (let round = 0; round < rounds; round++) {
    for (const entry of entries) {
      if (entry.error !== null) continue;
      try {
        entry.rounds.push(await entry.contestant.times(entry.contestant.n));
      } catch (error) {
        entry.error = reason(error);
      }
    }
  }
  return entries.map(({ contestant: { who, host }, rounds: own, error }) => {
    const other = entries.find(({ contestant, error }) => error === null && contestant.who === reference);
    const all = own.flat();
    if (error !== null) return { who, host, value: null, min: null, reference: null, ratio: null, error };
    const ratios = other && own.map((times, round) => median(times) / median(other.rounds[round]));
    return {
      who,
      host,
      value: median(all),
      min: Math.min(...all),
      reference: other ? median(other.rounds.flat()) : null,
      ratio: ratios ? median(ratios) : null,
      error,
    };
  });
}

/** The first line of an error. */
export function reason(error) {
  return String(error?.message ?? error).split('\n')[0];
}
