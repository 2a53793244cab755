/** The microphone, and in plain words why there is none. */
import { CapabilityError } from '../src/index.js';

const reasons: Record<string, string> = {
  NotAllowedError: 'This page may not use the microphone. Allow it in the browser, then try again.',
  NotFoundError: 'No microphone was found. Connect one, then try again.',
  NotReadableError: 'The microphone does not answer. Another program may be using it.',
};

/**
 * Asks the user for the microphone; it is the caller's to stop. Throws CapabilityError if there is none, and the reason of
 * `signal` as soon as that is aborted, although the browser goes on asking.
 */
export async function openMicrophone(signal: AbortSignal): Promise<MediaStreamTrack> {
  signal.throwIfAborted();
  if (!navigator.mediaDevices)
    throw new CapabilityError('This page has no access to microphones: it needs https, or localhost.');
  const asked = navigator.mediaDevices.getUserMedia({ audio: true }).then(audioOf, (error: unknown) => {
    const reason = reasons[(error as Error).name] ?? `The microphone cannot be used: ${error}`;
    throw new CapabilityError(reason, { cause: error });
  });
  try {
    return await Promise.race([asked, aborted(signal)]);
  } catch (error) {
    // Allowed too late.
    asked.then((track) => track.stop()).catch(() => {});
    throw error;
  }
}

function audioOf(media: MediaStream): MediaStreamTrack {
  const [track] = media.getAudioTracks();
  if (!track) throw new CapabilityError('The microphone gives no sound.');
  return track;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
