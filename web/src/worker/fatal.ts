/** Errors after which Python is gone for good, where nobody would hear of them. */

/**
 * Lets this worker fail when Python does. A call of an async node that ends Python never settles: only a rejection that
 * nobody handles tells of it, and browsers do not pass those on to whoever started the worker.
 */
export function failWithPython(): void {
  globalThis.addEventListener('unhandledrejection', ({ reason }: PromiseRejectionEvent) => {
    if (!(reason instanceof Error && 'pyodide_fatal_error' in reason)) return;
    setTimeout(() => {
      throw reason;
    });
  });
}
