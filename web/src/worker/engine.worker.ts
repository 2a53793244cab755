/** The engine's thread: only ties the engine's host to the messages of a browser's or Node.js's worker. */
import { nodeBuiltin } from '../node.js';
import { EngineHost } from './engine-host.js';
import { failWithPython } from './fatal.js';
import type { ToEngine, ToPage } from './protocol.js';

interface Scope {
  postMessage(message: ToPage, transfer: ArrayBuffer[]): void;
  onmessage: ((event: { data: ToEngine }) => void) | null;
}

interface NodePort {
  postMessage(message: ToPage, transfer: ArrayBuffer[]): void;
  on(event: 'message', listener: (message: ToEngine) => void): void;
}

const port = nodeBuiltin<{ parentPort: NodePort | null }>('worker_threads')?.parentPort;
if (port) {
  const host = new EngineHost((message, transfer = []) => port.postMessage(message, transfer));
  port.on('message', (message) => host.handle(message));
} else {
  const scope = globalThis as unknown as Scope;
  const host = new EngineHost((message, transfer = []) => scope.postMessage(message, transfer));
  scope.onmessage = ({ data }) => host.handle(data);
  failWithPython();
}
