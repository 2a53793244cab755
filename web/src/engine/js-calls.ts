/** Calls of JavaScript nodes: what they give, and what they throw as an error of the node. */
import { asError, CircuitOpenError, NodeError, type RemoteMediaError } from '../errors.js';
import { boundary, type JsNode, Out, type Output } from '../js-node.js';
import { encodeLoose } from '../packet-encode.js';
import type { Value } from '../values.js';
import type { SegmentNode } from './place.js';

const runtime = 'js';

/** An item for `process`; null for `flush`. */
export type Input = { readonly value: Value; readonly port: string } | null;

type OutputGenerator = Generator<Output | undefined> | AsyncGenerator<Output | undefined>;

/** A call of `init` or `close`. */
export const { [boundary]: callNode } = {
  async [boundary](node: JsNode, verb: 'init' | 'close', params?: SegmentNode['params']): Promise<void> {
    if (verb === 'init') await node.init?.({ ...params } as Parameters<NonNullable<JsNode['init']>>[0]);
    else await node.close?.();
  },
};

/** All outputs of a call, which count only when it has ended. Goes no further once `signal` is aborted. */
export const { [boundary]: collect } = {
  async [boundary](node: JsNode, input: Input, signal: AbortSignal): Promise<Output[]> {
    const given = await (input ? node.process(input.value, input.port) : node.flush?.());
    signal.throwIfAborted();
    if (given === undefined) return [];
    if (!isGenerator(given)) return [given as Output];
    const collected: Output[] = [];
    for await (const output of given) {
      signal.throwIfAborted();
      if (output !== undefined) collected.push(output);
    }
    return collected;
  },
};

/** What a generating source yields, one output a tick. */
export class Ticker {
  /** Whether there is no more; to be set when a tick has failed, too. */
  hasEnded = false;
  private generator: OutputGenerator | null = null;
  private isCalled = false;

  /** The next output, if there is one. */
  async tick(node: JsNode, signal: AbortSignal): Promise<Output[]> {
    if (this.hasEnded) return [];
    this.isCalled = true;
    let { done = false, value } = this.generator
      ? await advance(this.generator)
      : await this.begin(node, signal);
    // What is nothing is no round of its own.
    while (this.generator && !done && value === undefined && !signal.aborted)
      ({ done = false, value } = await advance(this.generator));
    this.isCalled = false;
    signal.throwIfAborted();
    this.hasEnded ||= done;
    return value === undefined || (this.generator && done) ? [] : [value];
  }

  /** Lets the generator clean up. One that still works on a tick is not waited for, because that may never end. */
  async close(): Promise<void> {
    const closing = this.generator && finish(this.generator);
    if (!this.isCalled) await closing;
    else closing?.catch(() => {});
  }

  private async begin(node: JsNode, signal: AbortSignal): Promise<{ done?: boolean; value: unknown }> {
    const given = await first(node);
    if (!isGenerator(given)) return { done: true, value: given };
    this.generator = given;
    signal.throwIfAborted();
    return advance(given);
  }
}

const { [boundary]: first } = {
  async [boundary](node: JsNode): Promise<unknown> {
    return node.process(null, 'in');
  },
};

const { [boundary]: advance } = {
  async [boundary](generator: OutputGenerator): Promise<IteratorResult<Output | undefined>> {
    return generator.next();
  },
};

const { [boundary]: finish } = {
  async [boundary](generator: OutputGenerator): Promise<void> {
    await generator.return(undefined);
  },
};

function isGenerator(given: unknown): given is OutputGenerator {
  if (typeof given !== 'object' || given === null) return false;
  const { next } = given as { next?: unknown };
  return typeof next === 'function' && (Symbol.iterator in given || Symbol.asyncIterator in given);
}

/** The port and the value of an output. */
export function addressed(output: Output): { port: string; value: Value } {
  return output instanceof Out ? output : { port: 'out', value: output };
}

/** Throws if an output is for a port that the node does not have, or cannot travel. */
export function check(output: Output, ports: ReadonlySet<string>): void {
  const { port, value } = addressed(output);
  if (!ports.has(port)) {
    throw new Error(`there is no output port '${port}', only ${[...ports].join(', ')}`);
  }
  // Copies no arrays.
  if (typeof value === 'object' ? value !== null : typeof value !== 'number') {
    encodeLoose({ rounds: [0], edges: 0, values: [value] });
  }
}

/** The error of a node that threw. `round` is null outside calls, `itemIndex` also in the flush round. */
export function nodeError(
  thrown: unknown,
  node: SegmentNode,
  round: number | null,
  itemIndex: number | null,
): RemoteMediaError {
  const { message, code, path, traceback } = asError(thrown);
  return new NodeError(message, {
    ...placeOf(node, round, itemIndex),
    code: code === 'unrepresentable_value' ? code : 'node_error',
    path,
    traceback: traceback && userFrames(traceback),
    cause: thrown,
  });
}

/** The error of a call that is not made, because too many before failed. */
export function circuitOpen(
  node: SegmentNode,
  waitMs: number,
  round: number,
  itemIndex: number | null,
): RemoteMediaError {
  const message = `node ${node.id} failed too often; it is not called for another ${Math.ceil(waitMs / 1000)} s`;
  return new CircuitOpenError(message, placeOf(node, round, itemIndex));
}

function placeOf({ id, node_type, order = 0 }: SegmentNode, round: number | null, itemIndex: number | null) {
  return { nodeId: id, nodeType: node_type, runtime, itemIndex, round, order };
}

/** A stack up to where the engine called the node. */
function userFrames(stack: string): string | null {
  const lines = stack.split('\n');
  const end = lines.findIndex((line) => line.includes(boundary));
  return lines.slice(0, end === -1 ? undefined : end).join('\n');
}
