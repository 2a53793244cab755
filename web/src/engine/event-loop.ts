/** Lets messages in while a run is busy, and waits in a way that a cancel ends. */

const { setImmediate: immediate } = globalThis as { setImmediate?: (run: () => void) => void };
let waiting: (() => void)[] = [];
let channel: MessageChannel | null = null;

/** Resolves after the messages that are there already have been handled. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    // Timers would do too, but browsers stretch nested ones to 4 ms.
    if (immediate) {
      immediate(resolve);
      return;
    }
    waiting.push(resolve);
    channel ??= openChannel();
    channel.port2.postMessage(0);
  });
}

function openChannel(): MessageChannel {
  const opened = new MessageChannel();
  opened.port1.onmessage = () => {
    const resolves = waiting;
    waiting = [];
    for (const resolve of resolves) resolve();
  };
  return opened;
}

/** Waits for `work`, or rejects with the signal's reason as soon as that is aborted; `work` is then left alone. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Waits `ms` milliseconds, or rejects with the signal's reason as soon as that is aborted. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const wake = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', wake);
      resolve();
    }, ms);
    signal.addEventListener('abort', wake, { once: true });
  });
}
