/** Shared vectors of validation and planning, through the module that every host uses. */
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { readPlan } from '../src/engine/plan.js';
import { WasiPlace } from '../src/engine/wasi-place.js';
import { ManifestError } from '../src/errors.js';
import catalog from '../src/generated/python-catalog.json' with { type: 'json' };
import { readFolder, root } from './vectors.js';

interface ManifestVector {
  name: string;
  file: string;
  /** Entries of Python nodes beside the built-in ones. */
  catalog?: object[];
  manifest: unknown;
  issues: { code: string; path: string; severity: string }[];
}

interface PlanVector {
  name: string;
  file: string;
  manifest: unknown;
  request?: Record<string, unknown>;
  segments: { place: string; nodes: string[] }[];
  execution_order: string[];
}

let wasi: WasiPlace;
beforeAll(async () => {
  const url = pathToFileURL(`${root}dist/remotemedia/runtime.wasm`).href;
  wasi = await WasiPlace.load(url, { enter() {}, stderr() {} });
});

function plan(manifest: unknown, request: Record<string, unknown> = {}) {
  return readPlan(wasi.plan(JSON.stringify({ manifest, catalogs: { python: catalog }, ...request })));
}

describe('manifests', () => {
  test.each(readFolder<ManifestVector>('manifests'))(
    '$file: $name',
    ({ catalog: further = [], manifest, issues }) => {
      const found = issuesOf(manifest, further);
      const keys = (list: readonly { code: string; path: string; severity: string }[]) =>
        list.map(({ code, path, severity }) => `${severity} ${code} ${path}`).sort();
      expect(keys(found)).toEqual(keys(issues));
    },
  );

  function issuesOf(manifest: unknown, further: object[]) {
    try {
      return plan(manifest, { catalogs: { python: [...catalog, ...further] } }).warnings;
    } catch (error) {
      if (error instanceof ManifestError) return error.issues;
      throw error;
    }
  }
});

describe('plans', () => {
  test.each(readFolder<PlanVector>('plans'))(
    '$file: $name',
    ({ manifest, request, segments, execution_order }) => {
      const found = plan(manifest, request).plan;
      const shown = found.segments.map(({ place, nodes }) => ({
        place,
        nodes: nodes.filter(({ order }) => order !== undefined).map(({ id }) => id),
      }));
      expect(shown).toEqual(segments);
      expect(found.graph_info.execution_order).toEqual(execution_order);
    },
  );
});
