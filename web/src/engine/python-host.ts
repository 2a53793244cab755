/** The engine in Python as the host sees it: its methods, and the arena in which it answers (docs/internals/boundaries.md). */
import type { WireError } from '../errors.js';
import { readLayout } from '../packet.js';
import { failed, type Outgoing, type StepResult } from './place.js';
import type { BufferView, HostProxy } from './pyodide-api.js';

const toHost = 0xffffffff;
const utf8 = new TextDecoder();

/** The host object in Python, its methods read once, and the arena in which it answers. */
export class Host {
  readonly methods: Omit<HostProxy, 'destroy'>;
  /** Kept because its methods' proxies go when it goes. */
  readonly proxy: HostProxy;
  private view: BufferView;

  constructor(proxy: HostProxy) {
    this.proxy = proxy;
    const { open, run, resume, flush, run_async, resume_async, flush_async } = proxy;
    const { is_async, metrics, close, add_bundle, arena } = proxy;
    this.methods = {
      open,
      run,
      resume,
      flush,
      run_async,
      resume_async,
      flush_async,
      is_async,
      metrics,
      close,
      add_bundle,
      arena,
    };
    this.view = this.takeView();
  }

  get memoryBytes(): number {
    // Memory growth has detached the view.
    if (this.view.data.buffer.byteLength === 0) this.renewView();
    return this.view.data.buffer.byteLength;
  }

  /** The error that `open` or `add_bundle` left. */
  callError(): WireError {
    this.renewView();
    return (
      readError(this.view.data) ?? {
        name: 'RuntimeLoadError',
        code: 'runtime_load_error',
        message: 'Python gave no reason',
      }
    );
  }

  /** The result of a run, resume or flush that is `length` bytes long. */
  readResult(length: number): StepResult {
    // A larger arena has taken the place of this one, or memory growth has detached the view.
    if (length > this.view.data.length) this.renewView();
    return readArena(this.view.data);
  }

  private renewView(): void {
    this.view.release();
    this.view = this.takeView();
  }

  private takeView(): BufferView {
    const arena = this.methods.arena();
    try {
      return arena.getBuffer('u8');
    } finally {
      arena.destroy();
    }
  }
}

/** The layout of the arena: docs/internals/boundaries.md. */
function readArena(arena: Uint8Array): StepResult {
  const view = new DataView(arena.buffer, arena.byteOffset, arena.length);
  const [status, count, sleepMs] = [0, 4, 8].map((at) => view.getUint32(at, true)) as [
    number,
    number,
    number,
  ];
  const outputs: Outgoing[] = [];
  let at = 16 + Math.ceil(view.getUint32(12, true) / 16) * 16;
  for (let index = 0; index < count; index++) {
    const to = view.getUint32(at, true);
    const packet = readLayout(arena.subarray(at + 16));
    outputs.push({ to: to === toHost ? null : to, packet });
    at += 16 + packet.whole.length;
  }
  return { status, sleepMs, outputs, error: status === failed ? readError(arena) : null };
}

function readError(arena: Uint8Array): WireError | null {
  const view = new DataView(arena.buffer, arena.byteOffset, arena.length);
  const length = view.getUint32(12, true);
  return length === 0 ? null : (JSON.parse(utf8.decode(arena.subarray(16, 16 + length))) as WireError);
}
