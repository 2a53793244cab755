/** Pipelines as text for the planner. */
import { ManifestError } from './errors.js';
import type { Manifest } from './manifest.js';
import type { LoadedPackage } from './package-loader.js';

/** A pipeline: a loaded bundle, a manifest, or the JSON text of one. */
export type PipelineSource = LoadedPackage | Manifest | string;

/** The manifest as JSON text; the planner checks what it says. Throws ManifestError if it cannot be JSON. */
export function manifestText(source: PipelineSource): string {
  try {
    if (typeof source === 'string') return JSON.stringify(JSON.parse(source));
    const isPackage = typeof source === 'object' && source !== null && 'manifest' in source;
    return JSON.stringify(isPackage ? source.manifest : source) ?? 'null';
  } catch (error) {
    const message = `not JSON: ${error instanceof Error ? error.message : String(error)}`;
    throw ManifestError.of([
      { code: 'wrong_type', path: '$', message, severity: 'error', expected: 'object' },
    ]);
  }
}
