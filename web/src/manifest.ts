/** Types of manifest v1 and of node catalogs. The planner checks both; these only help writing them. */
import type { Value } from './values.js';

export type * from './generated/manifest.js';

/** A parameter value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

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
