/** The conformance vectors in Node.js, with Rust and Python by turns: the host `node` of the matrix. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Manifest } from '../src/manifest.js';
import type { PipelineRunner } from '../src/pipeline-runner.js';
import { fromJson, toJson } from '../src/value-json.js';
import type { Value } from '../src/values.js';
import { Column, conformanceVectors, type Expectation, type Outcome } from './conformance.js';
import { createRunner } from './runners.js';

const column = new Column('node');
let runner: PipelineRunner;
beforeAll(async () => {
  runner = await createRunner();
});
afterAll(async () => {
  column.write();
  await runner.close();
});

test.each(conformanceVectors)('$file: $name', async (vector) => {
  expect(await column.check(vector, runAll)).toBeNull();
});

async function runAll(manifest: Manifest, runs: readonly Expectation[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const expected of runs) outcomes.push(await runOne(manifest, expected));
  return outcomes;
}

async function runOne(manifest: Manifest, { input, sources }: Expectation): Promise<Outcome> {
  const given = sources && { sources: fromJson(sources) as Record<string, Value[]> };
  try {
    const items = input === undefined ? undefined : fromJson(input);
    const { sinks, skipped } = await runner.execute(manifest, items, { ...given });
    return { sinks: jsonOf(sinks), error: null, skipped: skipped.count };
  } catch (thrown) {
    const error = thrown as import('../src/errors.js').RemoteMediaError;
    const { name, nodeId: node_id, itemIndex: item_index, message } = error;
    return {
      sinks: jsonOf(error.partial?.sinks ?? {}),
      error: { name, node_id, item_index, message },
      skipped: null,
    };
  }
}

function jsonOf(sinks: Record<string, Value[]>): Record<string, unknown[]> {
  return Object.fromEntries(Object.entries(sinks).map(([id, items]) => [id, items.map(toJson)]));
}
