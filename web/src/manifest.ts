/** Types of manifest v1 and of node catalogs. The planner checks both; these only help writing them. */
import type { Value } from './values.js';

/** A parameter value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A pipeline: a directed acyclic graph of nodes. */
export interface Manifest {
  version: 'v1';
  metadata?: {
    name?: string;
    description?: string;
    author?: string;
    version?: string;
    license?: string;
    [field: string]: unknown;
  };
  runtime?: { target?: string; min_version?: string; features?: string[]; [field: string]: unknown };
  nodes: ManifestNode[];
  connections?: Connection[];
}

/** A node of a pipeline. */
export interface ManifestNode {
  /** `[A-Za-z0-9_-]+`, not starting with `__`. */
  id: string;
  node_type: string;
  params?: Record<string, Json>;
  runtime_hint?: RuntimeHint;
  /** Time a call may take, in milliseconds. */
  timeout_ms?: number;
  on_error?: 'fail' | 'skip';
  /** Only where the manifest asks, a failed call is made again. Delays in milliseconds. */
  retry?: { max_retries?: number; base_delay_ms?: number; max_delay_ms?: number; multiplier?: number };
}

/** `node` or `node.port`; the default ports are `out` and `in`. */
export interface Connection {
  from: string;
  to: string;
}

/** Where nodes should run. */
export type RuntimeHint = 'auto' | 'rust' | 'python' | 'js' | 'rust_python' | 'cpython' | 'cpython_wasm';

/** What the planner knows about a node type (docs/internals/plan.md). */
export interface CatalogEntry {
  type: string;
  aliases?: string[];
  summary?: string;
  category?: string;
  /** JSON Schema of the parameters. */
  params: Json;
  inputs?: Record<string, { kinds: string[] }>;
  outputs?: Record<string, { kinds: string[] }>;
  runtime: 'rust' | 'python' | 'js';
  stateful?: boolean;
  /** Packages the node needs, `["numpy"]`. */
  requires?: string[];
}

/** What is known about the graph of a run. */
export interface GraphInfo {
  node_count: number;
  connection_count: number;
  source_count: number;
  sink_count: number;
  execution_order: string[];
}

/** The pipeline's input: a list is items, anything else is one item. */
export type Input = Value | readonly Value[];
