/** Timers for any number of milliseconds. */

/** The longest time that timers know; they take more for 1 ms. */
const longestMs = 2 ** 31 - 1;

/** Calls `run` after `ms` milliseconds; never if that is longer than timers can wait (24 days). */
export function startTimer(run: () => void, ms: number): ReturnType<typeof setTimeout> | undefined {
  return ms <= longestMs ? setTimeout(run, ms) : undefined;
}
