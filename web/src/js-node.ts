/** What a node written in JavaScript is. */
import type { Json } from './manifest.js';
import type { Value } from './values.js';

/** An output for another port than `out`. */
export class Out {
  readonly port: string;
  readonly value: Value;

  constructor(port: string, value: Value) {
    this.port = port;
    this.value = value;
  }
}

/** One output: a value for port `out`, or an {@link Out}. */
export type Output = Value | Out;

/**
 * What a call gives: nothing (`undefined`), one output (an array is one item that is a list), or a generator of any
 * number of these; each also as a promise.
 */
export type Outputs =
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: functions without a return statement are meant
  | void
  | Output
  | Generator<Output | undefined, unknown, unknown>
  | AsyncGenerator<Output | undefined, unknown, unknown>;

/** A node: one object per run. It must not change its input. */
export interface JsNode {
  /** Called once before the first item. */
  init?(params: Record<string, Json>): void | Promise<void>;
  process(item: Value, port: string): Outputs | Promise<Outputs>;
  /** Called once at the end of the stream. */
  flush?(): Outputs | Promise<Outputs>;
  /** Called once at the end of the run, also after an error. */
  close?(): void | Promise<void>;
}

/** Makes a node for a run, or only its `process`. */
export type JsNodeFactory = (params: Record<string, Json>, id: string) => JsNode | JsNode['process'];

/** A class of nodes, made with the params. */
export type JsNodeClass = new (params: Record<string, Json>, id: string) => JsNode;

/**
 * Name of the functions that call nodes. It survives minifying, so that a node's stack can be cut where the engine's
 * frames begin.
 */
export const boundary = 'remotemedia:call';

/** The node that a factory or class makes. */
export const { [boundary]: makeNode } = {
  [boundary](source: JsNodeFactory | JsNodeClass, params: Record<string, Json>, id: string): JsNode {
    const isClass = typeof (source.prototype as Partial<JsNode> | undefined)?.process === 'function';
    const made = isClass ? new (source as JsNodeClass)(params, id) : (source as JsNodeFactory)(params, id);
    return typeof made === 'function' ? { process: made } : made;
  },
};
