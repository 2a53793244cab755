/** Shapes of what a sandbox sends (protocol.ts), checked before the page touches it. */
import { isObject } from '../package-json.js';

/** Whether a value has a shape. */
export type Check = (value: unknown) => boolean;

export const text: Check = (value) => typeof value === 'string';
export const number: Check = (value) => typeof value === 'number' && !Number.isNaN(value);
export const boolean: Check = (value) => typeof value === 'boolean';
/** An integer ≥ 0. */
export const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

/** Also what is null or not there. */
export const optional =
  (check: Check): Check =>
  (value) =>
    value === null || value === undefined || check(value);

export const anyOf =
  (...texts: readonly string[]): Check =>
  (value) =>
    texts.includes(value as string);

/** Not one with holes: it could have billions of entries that take no memory, but time. */
export const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && Object.keys(value).length === value.length && value.every(check);

export const hasShape =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([name, check]) => check(value[name]));

/** An object whose values all have a shape. */
export const record =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check);

/** Only real memory, because views of what only looks like it would be made entry by entry. */
export const packets = list((value) => {
  const { buffer, length } = (value ?? {}) as { buffer?: unknown; length?: unknown };
  return buffer instanceof ArrayBuffer && count(length) && (length as number) <= buffer.byteLength;
});

export const circuit = hasShape({ failures: count, wait_ms: number });

const endpoints = list(hasShape({ edge: count, node: text, segment: count, generates: optional(boolean) }));

export const isPlan = hasShape({
  name: text,
  inputs: endpoints,
  outputs: endpoints,
  graphInfo: hasShape({
    node_count: count,
    connection_count: count,
    source_count: count,
    sink_count: count,
    execution_order: list(text),
  }),
  warnings: list(hasShape({ code: text, path: text, message: text })),
});

export const isProgress = hasShape({
  phase: anyOf('download', 'load-wasm', 'load-pyodide', 'load-packages', 'run'),
  loaded: number,
  total: optional(number),
});

export const isError = hasShape({
  name: text,
  code: text,
  message: text,
  node_id: optional(text),
  node_type: optional(text),
  runtime: optional(text),
  item_index: optional(number),
  path: optional(text),
  traceback: optional(text),
  issues: optional(list(hasShape({ code: text, path: text, message: text, severity: text }))),
  round: optional(number),
  order: optional(number),
});

const nodeMetrics = hasShape({
  node_id: text,
  node_type: text,
  runtime: text,
  execution_count: count,
  success_count: count,
  error_count: count,
  total_duration_us: number,
  min_duration_us: optional(number),
  max_duration_us: optional(number),
});

const crossing = hasShape({ from: text, to: text, packets: count, bytes: count, total_duration_us: number });
const span = hasShape({ name: text, category: text, track: text, startUs: number, durationUs: number });
/** Tracks of a trace; each is looked for among all spans. */
const mostTracks = 256;

const spans: Check = (value) =>
  list(span)(value) && new Set((value as { track: string }[]).map(({ track }) => track)).size <= mostTracks;

export const isSummary = hasShape({
  nodes: list(nodeMetrics),
  skipped: hasShape({ count, errors: list(isError) }),
  crossings: list(crossing),
  loads: hasShape({ wasm_ms: optional(number), pyodide_ms: optional(number), packages_ms: optional(number) }),
  memoryBytes: number,
  circuits: record(circuit),
  spans,
});
