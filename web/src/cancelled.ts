/** The error of a call that its caller ended. */
import { CancelledError } from './errors.js';

/** CancelledError with the signal's reason as its cause. */
export function cancelled(signal?: AbortSignal): CancelledError {
  return new CancelledError('the run was cancelled', { cause: signal?.reason });
}
