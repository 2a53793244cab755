/** A thread for code that nobody vouches for: a worker in a frame that lets nothing out (docs/security.md). */
import { CapabilityError, RuntimeLoadError } from '../errors.js';
import { openFrame } from '../sandbox/frame.js';
import { Shelf } from '../sandbox/shelf.js';
import { version } from '../version.js';
import type { EngineAssets } from './protocol.js';
import { SandboxGate } from './sandbox-gate.js';
import type { Thread, ThreadEvents } from './thread.js';

/** What a sandbox is made of. */
export interface SandboxOptions {
  readonly assets: EngineAssets;
  /** URL of the worker's script, `sandbox.js`. */
  readonly script: string;
  /** The origins that can be reached from inside. */
  readonly network: readonly string[];
}

/** Starts the engine where it reaches nothing but the origins `network`. Throws CapabilityError. */
export function startSandbox(events: ThreadEvents, { assets, script, network }: SandboxOptions): Thread {
  if (typeof document === 'undefined')
    throw new CapabilityError('there is no sandbox here: it needs a document', { code: 'untrusted_code' });
  const engine = new MessageChannel();
  const files = new MessageChannel();
  const shelf = new Shelf(assets);
  const { port1: port } = engine;
  const gate = new SandboxGate();
  port.onmessage = ({ data }: MessageEvent<unknown>) => {
    try {
      events.message(gate.pass(data));
    } catch (error) {
      // What runs inside may send anything.
      events.dead(`it sent what cannot be understood: ${String(error)}`);
    }
  };
  port.onmessageerror = () => events.dead('a message could not be read');
  shelf.serve(files.port1, (built) => built !== version && events.dead(mismatch(script, built)));
  const code = shelf.download(script).then(
    (blob) => new Blob([blob], { type: 'text/javascript' }),
    (error: unknown) => {
      throw new RuntimeLoadError(`the sandbox cannot be loaded: ${String(error)}`, { cause: error });
    },
  );
  const ports = [engine.port2, files.port2];
  const remove = openFrame({ code, network, ports }, (reason) => events.dead(reason));
  return {
    post(message, transfer = []) {
      gate.sent(message);
      port.postMessage(message, transfer);
    },
    terminate() {
      remove();
      shelf.close();
      port.close();
      files.port1.close();
    },
    hold() {},
  };
}

function mismatch(script: string, built: string): RuntimeLoadError {
  return new RuntimeLoadError(`${script} is of version ${built}, not ${version}`);
}
