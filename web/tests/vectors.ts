/** Reads the shared vectors, and compares values as tests/vectors/README.md says. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toJson } from '../src/value-json.js';
import { Audio, Tensor, type Value } from '../src/values.js';

export const root: string = fileURLToPath(new URL('../../', import.meta.url));

export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(`${root}tests/vectors/${name}`, 'utf8')) as T;
}

/** All files of a folder of vectors. */
export function readFolder<T>(name: string): (T & { file: string })[] {
  const files = readdirSync(`${root}tests/vectors/${name}`).filter((file) => file.endsWith('.json'));
  return files.sort().flatMap((file) => {
    const content = readVectors<T | T[]>(`${name}/${file}`);
    return (Array.isArray(content) ? content : [content]).map((vector) => ({ ...vector, file }));
  });
}

/** Where two values differ, or null. */
export function difference(actual: unknown, expected: unknown, tolerance = 0, path = '$'): string | null {
  const here = `${path}: ${show(actual)} instead of ${show(expected)}`;
  if (isNumber(actual) && isNumber(expected)) return sameNumber(actual, expected, tolerance) ? null : here;
  if (typeof actual !== 'object' || actual === null || typeof expected !== 'object' || expected === null) {
    return actual === expected ? null : here;
  }
  if (classOf(actual) !== classOf(expected)) return here;
  if (actual instanceof Tensor && expected instanceof Tensor) {
    if (actual.dtype !== expected.dtype || `${actual.shape}` !== `${expected.shape}`) return here;
    return difference([...actual.data], [...expected.data], tolerance, `${path}.data`);
  }
  if (actual instanceof Audio && expected instanceof Audio) {
    const parts = ({ channels, sampleRate, timestamp }: Audio) => [
      channels.map((channel) => [...channel]),
      sampleRate,
      timestamp,
    ];
    return difference(parts(actual), parts(expected), tolerance, path);
  }
  const keys = Object.keys(actual);
  if (keys.length !== Object.keys(expected).length) return here;
  for (const key of keys) {
    if (!Object.hasOwn(expected, key)) return here;
    const inner = difference(own(actual, key), own(expected, key), tolerance, `${path}.${key}`);
    if (inner) return inner;
  }
  return null;
}

function own(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function sameNumber(a: number | bigint, b: number | bigint, tolerance: number): boolean {
  if (typeof a === 'bigint' || typeof b === 'bigint') return a === b;
  return Object.is(a, b) || (tolerance > 0 && Math.abs(a - b) <= tolerance);
}

function classOf(value: object): string {
  return Object.prototype.toString.call(value) + (value instanceof Tensor) + (value instanceof Audio);
}

function show(value: unknown): string {
  const text = JSON.stringify(toJson(value as Value)) ?? String(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
