/** A thread for code that nobody vouches for. */
import { CapabilityError } from '../errors.js';
import type { EngineAssets } from './protocol.js';
import type { Thread, ThreadEvents } from './thread.js';

/** Starts the engine where it reaches nothing but the origins `network`. Throws CapabilityError. */
export async function startSandbox(
  _events: ThreadEvents,
  _needs: { assets: EngineAssets; network: readonly string[] },
): Promise<Thread> {
  throw new CapabilityError('there is no sandbox here', { code: 'untrusted_code' });
}
