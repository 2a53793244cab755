/** The conformance vectors (tests/vectors/README.md), and the column of the matrix that a host makes of them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Manifest, RuntimeHint } from '../src/manifest.js';
import { fromJson } from '../src/value-json.js';
import { difference, readFolder } from './vectors.js';

/** One run: what goes in, in JSON form, and what must come out. */
export interface Expectation {
  input?: unknown;
  sources?: Record<string, unknown[]>;
  sinks: Record<string, unknown[]>;
  error?: ErrorFields;
  skipped?: number;
}

export interface ErrorFields {
  name: string;
  node_id: string | null;
  item_index: number | null;
}

/** What a run gave: sinks in JSON form. */
export interface Outcome {
  sinks: Record<string, unknown[]>;
  error: (ErrorFields & { message: string }) | null;
  /** Null if the run failed. */
  skipped: number | null;
}

export interface ConformanceVector extends Expectation {
  file: string;
  name: string;
  manifest: Manifest;
  tolerance?: number;
  runs?: Expectation[];
}

export const conformanceVectors: ConformanceVector[] = readFolder<ConformanceVector>('conformance');

/** Makes runs with one runner, one after the other. */
export type RunVector = (manifest: Manifest, runs: readonly Expectation[]) => Promise<Outcome[]>;

const hybrids: RuntimeHint[][] = [
  ['rust', 'python'],
  ['python', 'rust'],
];

let prefixes = 0;

/** Runs a vector with Rust and Python by turns, both ways round; says what is wrong, or null. */
export async function failureOf(vector: ConformanceVector, run: RunVector): Promise<string | null> {
  const runs = vector.runs ?? [vector];
  for (const hints of hybrids) {
    // A runner remembers circuit breakers by node id, and vectors must not see each other's.
    const prefix = `v${prefixes++}-`;
    const outcomes = await run(
      prepared(vector.manifest, hints, prefix),
      runs.map((expected) => ({
        ...expected,
        ...(expected.sources && { sources: prefixed(expected.sources) }),
      })),
    );
    for (const [index, expected] of runs.entries()) {
      const wrong = compare(expected, stripped(outcomes[index], prefix), vector.tolerance);
      if (wrong) return `run ${index} in ${hints.join('/')}: ${wrong}`;
    }

    function prefixed(sources: Record<string, unknown[]>): Record<string, unknown[]> {
      return Object.fromEntries(Object.entries(sources).map(([id, items]) => [prefix + id, items]));
    }
  }
  return null;
}

function prepared(manifest: Manifest, hints: RuntimeHint[], prefix: string): Manifest {
  const nodes = manifest.nodes.map((node, index) => ({
    ...node,
    id: prefix + node.id,
    runtime_hint: hints[index % hints.length] ?? 'auto',
  }));
  const connections = manifest.connections?.map(({ from, to }) => ({ from: prefix + from, to: prefix + to }));
  return { ...manifest, nodes, connections: connections ?? [] };
}

function stripped(outcome: Outcome | undefined, prefix: string): Outcome | undefined {
  if (!outcome) return undefined;
  const bare = (id: string) => id.slice(prefix.length);
  const { sinks, error, skipped } = outcome;
  return {
    sinks: Object.fromEntries(Object.entries(sinks).map(([id, items]) => [bare(id), items])),
    error: error && { ...error, node_id: error.node_id && bare(error.node_id) },
    skipped,
  };
}

function compare(expected: Expectation, outcome: Outcome | undefined, tolerance = 0): string | null {
  if (!outcome) return 'was not made';
  const { error, sinks, skipped } = outcome;
  const wanted = expected.error ?? null;
  const found = error && { name: error.name, node_id: error.node_id, item_index: error.item_index };
  const wrong = difference(found, wanted && { ...wanted });
  if (wrong) return `error ${wrong} (${error?.message})`;
  if (skipped !== null && skipped !== (expected.skipped ?? 0)) {
    return `${skipped} skipped instead of ${expected.skipped ?? 0}`;
  }
  // Refused before the run began: whether it knew its sinks does not matter.
  if (Object.keys(expected.sinks).length === 0) return Object.values(sinks).flat().length ? 'outputs' : null;
  return difference(fromJson(sinks), fromJson(expected.sinks), tolerance);
}

interface Cell {
  name: string;
  host: string;
  passed: boolean;
  message: string | null;
}

/** What one host made of the vectors: a column of the matrix. */
export class Column {
  private readonly host: string;
  private readonly cells: Cell[] = [];

  constructor(host: string) {
    this.host = host;
  }

  /** Runs a vector and records it; resolves what is wrong, or null. */
  async check(vector: ConformanceVector, run: RunVector): Promise<string | null> {
    const message = await failureOf(vector, run).catch(String);
    const name = vector.file.replace(/\.json$/, '');
    this.cells.push({ name, host: this.host, passed: message === null, message });
    return message && `${name}: ${message}`;
  }

  /** Writes the column, if REMOTEMEDIA_CONFORMANCE names a folder. */
  write(): void {
    const folder = process.env.REMOTEMEDIA_CONFORMANCE;
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/${this.host}.json`, JSON.stringify(this.cells));
  }
}
