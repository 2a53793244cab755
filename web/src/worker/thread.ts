/** A thread for the engine: a module worker in browsers, a worker thread in Node.js, or none (inline). */
import { asError } from '../errors.js';
import { localPath, nodeBuiltin } from '../node.js';
import type { Post, ToEngine, ToPage } from './protocol.js';

/** A started thread. */
export interface Thread {
  readonly post: Post<ToEngine>;
  terminate(): void;
  /** Whether the thread keeps a Node.js process alive. */
  hold(isNeeded: boolean): void;
}

/** What a thread tells. `dead` may come more than once. */
export interface ThreadEvents {
  message(message: ToPage): void;
  dead(reason: unknown): void;
}

interface NodeWorker {
  postMessage(message: ToEngine, transfer: ArrayBuffer[]): void;
  terminate(): Promise<number>;
  ref(): void;
  unref(): void;
  on(event: 'message', listener: (message: ToPage) => void): void;
  on(event: 'error' | 'messageerror', listener: (error: unknown) => void): void;
  on(event: 'exit', listener: (code: number) => void): void;
}

/** Node.js runs only the built library. A constant, so that bundlers do not take it for an asset. */
const builtScript = './engine.worker.js';

type NodeWorkers = { Worker: new (script: URL | string, options: { execArgv: string[] }) => NodeWorker };

/** Starts the engine in a thread. `script` is another place of the worker's script than next to this one. */
export function startThread(events: ThreadEvents, script?: string): Thread {
  const workers = nodeBuiltin<NodeWorkers>('worker_threads');
  return workers ? startNodeWorker(workers, events, script) : startWebWorker(events, script);
}

function startWebWorker(events: ThreadEvents, script?: string): Thread {
  // Bundlers look for exactly this expression.
  const worker = script
    ? new Worker(script, { type: 'module' })
    : new Worker(new URL('./engine.worker.ts', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<ToPage>) => events.message(data);
  worker.onerror = (event) => {
    event.preventDefault();
    events.dead(event.message || 'its script cannot be loaded');
  };
  worker.onmessageerror = () => events.dead('a message could not be read');
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    terminate: () => worker.terminate(),
    hold() {},
  };
}

function startNodeWorker({ Worker }: NodeWorkers, events: ThreadEvents, script?: string): Thread {
  const url = script
    ? localPath(script)
    : new URL(/* @vite-ignore */ /* webpackIgnore: true */ builtScript, import.meta.url);
  // Some flags of the process, like --input-type, would keep a worker from starting.
  const worker = new Worker(url, { execArgv: [] });
  worker.on('message', (message) => events.message(message));
  worker.on('error', (error) => events.dead(error));
  worker.on('messageerror', (error) => events.dead(error));
  worker.on('exit', (code) => events.dead(`it ended with code ${code}`));
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    terminate: () => void worker.terminate(),
    hold: (isNeeded) => (isNeeded ? worker.ref() : worker.unref()),
  };
}

/** Web Locks, where a worker's end must be noticed by them: not in Node.js, which tells. */
export function lockManager(): LockManager | null {
  const { navigator } = globalThis as { navigator?: { locks?: LockManager } };
  return nodeBuiltin('worker_threads') ? null : (navigator?.locks ?? null);
}

/** Whether memory can be shared with a thread: in Node.js, and on pages that are cross-origin isolated. */
export function canShareMemory(): boolean {
  return globalThis.crossOriginIsolated === true || nodeBuiltin('worker_threads') !== null;
}

/** Runs the engine on this thread: an endless loop in a node cannot be ended. For tests. */
export function startInline(events: ThreadEvents): Thread {
  const host = import('./engine-host.js').then(({ EngineHost }) => {
    // Later, as from a thread, so that nobody is called back before returning.
    return new EngineHost((message) => queueMicrotask(() => isOpen && events.message(message)));
  });
  let isOpen = true;
  host.catch((error: unknown) => events.dead(asError(error)));
  return {
    post: (message) => void host.then((engine) => engine.handle(message)),
    terminate() {
      isOpen = false;
    },
    hold() {},
  };
}
