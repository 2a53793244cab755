/** Manifests that are no JSON are refused alike, before or by the planner. */
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { makePlan } from '../src/engine/plan.js';
import { WasiPlace } from '../src/engine/wasi-place.js';
import { ManifestError } from '../src/errors.js';
import { manifestText } from '../src/manifest-text.js';
import { root } from './vectors.js';

let wasi: WasiPlace;
beforeAll(async () => {
  const url = pathToFileURL(`${root}dist/remotemedia/runtime.wasm`).href;
  wasi = await WasiPlace.load(url, { enter() {}, stderr() {} });
});

function issuesOf(make: () => unknown): string[] {
  try {
    make();
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return error.issues.map(({ code, path }) => `${code} ${path}`);
  }
  return [];
}

/** A manifest with this JSON text in a field that is ignored. */
const manifest = (extra: string) =>
  `{"version":"v1","metadata":{"extra":${extra}},"nodes":[{"id":"a","node_type":"CounterNode","params":{"initial_count":9007199254740993}}]}`;
const planOf = (source: string | object) =>
  makePlan(wasi, `{"manifest":${manifestText(source as string)},"catalogs":{}}`);
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe('text', () => {
  test.each([
    ['a number beyond a double', '1e400'],
    ['an integer beyond a double', '9'.repeat(400)],
    ['half of a surrogate pair, escaped', '"\\ud800"'],
    ['half of a surrogate pair', '"\ud800"'],
    ['NaN', 'NaN'],
    ['too many levels', nested(254)],
    ['nothing', ''],
  ])('%s is refused', (_, extra) => {
    expect(issuesOf(() => planOf(manifest(extra)))).toEqual(['wrong_type $']);
  });

  test.each([
    ['many levels', nested(253)],
    ['a large number', '1e300'],
    ['twice the same key', '{"a":1,"a":2}'],
    ['an escaped pair', '"\\ud83d\\ude00"'],
  ])('%s is read', (_, extra) => {
    expect(planOf(manifest(extra)).plan.graph_info.node_count).toBe(1);
  });

  test('integers keep their digits', () => {
    const answer = wasi.plan(`{"manifest":${manifestText(manifest('1'))},"catalogs":{}}`);
    expect(answer).toContain('9007199254740993');
  });
});

describe('objects', () => {
  const holding = (extra: unknown) => ({
    version: 'v1',
    metadata: { extra },
    nodes: [{ id: 'a', node_type: 'CounterNode' }],
  });
  const circle: unknown[] = [];
  circle.push(circle);

  test.each([
    ['NaN', Number.NaN],
    ['an infinity', Number.NEGATIVE_INFINITY],
    ['half of a surrogate pair', '\ud800'],
    ['a circle', circle],
    ['a BigInt', 1n],
    ['too many levels', JSON.parse(nested(254))],
  ])('%s is refused', (_, extra) => {
    expect(issuesOf(() => planOf(holding(extra)))).toEqual(['wrong_type $']);
  });

  test('what is not there is left out', () => {
    expect(planOf(holding(undefined)).plan.graph_info.node_count).toBe(1);
  });
});
