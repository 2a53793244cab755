/** Every shared pipeline vector, as the planner places it: Rust where there is Rust, else Python in a real Pyodide. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Manifest } from '../src/manifest.js';
import type { PipelineRunner } from '../src/pipeline-runner.js';
import { fromJson } from '../src/value-json.js';
import type { Value } from '../src/values.js';
import { createRunner } from './runners.js';
import { difference, readFolder } from './vectors.js';

interface Vector {
  name: string;
  file: string;
  manifest: Manifest;
  input: unknown[];
  sinks: Record<string, unknown[]>;
  tolerance?: number;
  error?: { name: string; node_id: string; item_index: number | null };
}

const vectors = readFolder<Vector>('pipelines');

async function check(runner: PipelineRunner, vector: Vector): Promise<void> {
  const { manifest, input, tolerance = 0, error } = vector;
  const outcome = await runner.execute(manifest, fromJson(input)).then(
    ({ sinks }) => ({ sinks, error: null }),
    (failure) => ({ sinks: failure.partial?.sinks, error: failure }),
  );
  if (error) {
    const { name, nodeId: node_id, itemIndex: item_index } = outcome.error ?? {};
    expect({ name, node_id, item_index }).toMatchObject(error);
  } else if (outcome.error) throw outcome.error;
  const expected = Object.fromEntries(
    Object.entries(vector.sinks).map(([id, items]) => [id, items.map((item) => fromJson(item))]),
  );
  expect(difference(outcome.sinks, expected as Record<string, Value[]>, tolerance)).toBeNull();
}

describe.each([
  ['in a worker', false],
  ['inline', true],
])('%s', (_, inline) => {
  let runner: PipelineRunner;
  beforeAll(async () => {
    runner = await createRunner({ inline });
  });
  afterAll(() => runner.close());

  // Inline is for tests: a few prove that it is the same engine.
  test.each(inline ? vectors.slice(0, 12) : vectors)('$file: $name', (vector) => check(runner, vector));
});
