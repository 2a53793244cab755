/** Pipelines as text for the planner. */
import { ManifestError } from './errors.js';
import type { Manifest } from './manifest.js';
import type { LoadedPackage } from './package-loader.js';

/** A pipeline: a loaded bundle, a manifest, or the JSON text of one. */
export type PipelineSource = LoadedPackage | Manifest | string;

/** The manifest as JSON text; the planner checks what it says. Throws ManifestError if it cannot be JSON. */
export function manifestText(source: PipelineSource): string {
  try {
    if (typeof source === 'string') return checked(source);
    return JSON.stringify(isPackage(source) ? source.manifest : source, finite) ?? 'null';
  } catch (error) {
    throw notJson(error instanceof Error ? error.message : String(error));
  }
}

/** The bundle behind a pipeline, if it has nodes of its own or asks for more than computing. */
export function demandingPackage(source: PipelineSource): LoadedPackage | null {
  if (!isPackage(source)) return null;
  return source.catalog || source.capabilities.network.length > 0 ? source : null;
}

/** JSON cannot make it one: a manifest from a stranger, as an object, must not say of itself that it is trusted. */
function isPackage(source: PipelineSource): source is LoadedPackage {
  return ((source ?? {}) as Partial<LoadedPackage>).files instanceof Map;
}

/** The error of a manifest that is not JSON. */
export function notJson(reason: string): ManifestError {
  const message = `not JSON: ${reason}`;
  return ManifestError.of([
    { code: 'wrong_type', path: '$', message, severity: 'error', expected: 'object' },
  ]);
}

/** The text as it stands: written anew, long integers would lose digits. */
function checked(text: string): string {
  if (!text.isWellFormed()) throw new RangeError('half of a surrogate pair');
  JSON.parse(text);
  return text;
}

/** Refuses what `JSON.stringify` would turn into null. */
function finite(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new RangeError(`${value} is no number of JSON`);
  return value;
}
