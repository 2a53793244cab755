/** A thread that takes a while to make. */
import type { Thread, ThreadEvents } from './thread.js';

/** Keeps what is posted until the thread is there; that it cannot be made is told as its death. */
export function lateThread(making: Promise<Thread>, events: ThreadEvents): Thread {
  let isOpen = true;
  making.catch((error: unknown) => isOpen && events.dead(error));
  const whenMade = (act: (thread: Thread) => void) => void making.then(act, () => {});
  return {
    post: (message, transfer) => whenMade((thread) => isOpen && thread.post(message, transfer)),
    terminate() {
      isOpen = false;
      whenMade((thread) => thread.terminate());
    },
    hold: (isNeeded) => whenMade((thread) => thread.hold(isNeeded)),
  };
}
