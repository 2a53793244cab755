/**
 * Stands between a sandbox and the page: what code inside could send is hostile, and the page's thread is to get only what an
 * engine would send now (docs/security.md). Anything else is refused before the page works with it.
 */
import type { Job, PageCall, ToEngine, ToPage } from './protocol.js';
import {
  anyOf,
  boolean,
  type Check,
  circuit,
  count,
  hasShape,
  isError,
  isPlan,
  isProgress,
  isSummary,
  list,
  number,
  optional,
  packets,
  record,
  text,
} from './sandbox-shapes.js';

/** Calls of the page's nodes that may wait for an answer at once: a run makes one, one that was cancelled perhaps another. */
const mostCalls = 16;

/** The run that the page wants. */
interface Current {
  readonly id: number;
  readonly kind: Job['kind'];
  /** Ids of the manifest's nodes. */
  readonly nodes: ReadonlySet<string>;
  isPlanned: boolean;
  isFinishing: boolean;
  /** Batches that are not answered. */
  pushed: number;
  /** Segments of the page's nodes that were asked for. */
  opened: number;
}

const call = { call: count };
const shapes: Record<string, Check> = {
  planned: hasShape({ run: count, plan: isPlan }),
  progress: hasShape({ run: count, event: isProgress }),
  batch: hasShape({
    run: count,
    packets,
    spare: list((value) => value instanceof ArrayBuffer),
    ended: boolean,
  }),
  finished: hasShape({ run: count, packets, summary: isSummary }),
  ending: hasShape({ run: count }),
  failed: hasShape({ run: count, error: isError, packets, circuits: record(circuit) }),
  enter: hasShape({
    run: count,
    nodeId: text,
    nodeType: text,
    runtime: text,
    round: number,
    itemIndex: optional(number),
    timeoutMs: number,
    circuit: text,
  }),
  left: hasShape({ run: count }),
  output: hasShape({ stream: anyOf('stdout', 'stderr'), text }),
  'page-call': hasShape({ ...call, request: isPageCall }),
};

/** Knows what may come. */
export class SandboxGate {
  private current: Current | null = null;
  private calls = 0;

  /** Notes what the page sends. */
  sent(message: ToEngine): void {
    if (message.type === 'start') this.start(message);
    else if (message.type === 'page-reply') this.calls--;
    else if (!this.current) return;
    else if (message.type === 'push') this.current.pushed++;
    else if (message.type === 'finish') this.current.isFinishing = true;
  }

  /** Returns the message; throws if no engine would send it now. */
  pass(message: unknown): ToPage {
    const { type } = message as ToPage;
    if (!Object.hasOwn(shapes, type) || !shapes[type]?.(message))
      throw new Error(`no message ${String(type)}`);
    const sound = message as ToPage;
    if (sound.type === 'page-call') this.passCall(sound.request);
    else if ('run' in sound && sound.run === this.current?.id) this.passRun(this.current, sound);
    return sound;
  }

  private start({ run: id, job }: Extract<ToEngine, { type: 'start' }>): void {
    const { kind } = job;
    const rest = { isPlanned: false, isFinishing: false, pushed: 0, opened: 0 };
    this.current = { id, kind, nodes: idsIn(job.manifest), ...rest };
  }

  private passRun(current: Current, message: Extract<ToPage, { run: number }>): void {
    if (message.type === 'planned') {
      const { inputs, outputs } = message.plan;
      const isOfManifest = [inputs, outputs].every((ends) => isSubset(ends, current.nodes));
      demand(!current.isPlanned && isOfManifest, 'a plan of another pipeline');
      current.isPlanned = true;
    } else if (message.type === 'batch') {
      demand(current.isPlanned && current.pushed > 0, 'results that nothing was sent for');
      current.pushed--;
    } else if (message.type === 'finished') {
      const isDone = current.kind !== 'run' || (current.isFinishing && current.pushed === 0);
      demand(isDone && (current.isPlanned || isLoad(current.kind)), 'an end before the end');
    }
  }

  private passCall({ op }: PageCall): void {
    demand(this.calls++ < mostCalls, 'more calls than it can have');
    if (op !== 'open' || !this.current) return;
    demand(this.current.opened++ <= this.current.nodes.size, 'more segments than nodes');
  }
}

const calls: Record<PageCall['op'], Check> = {
  open: hasShape({ segment: text, catalog: optional(list(hasShape({ type: text }))) }),
  run: isStep,
  flush: isStep,
  metrics: hasShape({ handle: count }),
  close: hasShape({ handle: count }),
};

function isPageCall(value: unknown): boolean {
  const op = String((value as PageCall | null)?.op);
  return Object.hasOwn(calls, op) && calls[op as PageCall['op']](value);
}

function isStep(value: unknown): boolean {
  const until = hasShape({ round: number, order: number });
  return hasShape({ handle: count, packets, until })(value);
}

function isLoad(kind: Job['kind']): boolean {
  return kind === 'wasm' || kind === 'python';
}

/** Each node at most once: what the page sends to all of them would grow with every one. */
function isSubset(ends: readonly { readonly node: string }[], nodes: ReadonlySet<string>): boolean {
  return (
    new Set(ends.map(({ node }) => node)).size === ends.length && ends.every(({ node }) => nodes.has(node))
  );
}

function idsIn(manifest: string): Set<string> {
  const { nodes } = JSON.parse(manifest) ?? {};
  return new Set(Array.isArray(nodes) ? nodes.map((node) => node?.id) : []);
}

function demand(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}
