/** Random graphs, split at random between Rust and Python, give in Chromium what the Python engine gives natively. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fromJson } from '../../web/src/value-json.js';
import type { ErrorFields } from '../../web/tests/conformance.js';
import { difference } from '../../web/tests/vectors.js';
import { openEmbedding, runAll } from './embed.js';
import { expect, test } from './site.js';

interface Graph {
  manifest: { nodes: { runtime_hint: string }[] };
  input?: unknown[];
  sources?: Record<string, unknown[]>;
  sinks: Record<string, unknown[]>;
  error: ErrorFields | null;
  skipped: number | null;
}

const count = 200;
/** Of resampled audio. */
const tolerance = 1e-5;

test(`${count} random graphs`, async ({ page, siteUrl }) => {
  const file = '.cache/random-graphs.json';
  execFileSync('.venv/bin/python', ['tests/e2e/random_graphs.py', String(count), file]);
  const graphs = JSON.parse(readFileSync(file, 'utf8')) as Graph[];
  await openEmbedding(page, siteUrl);
  const wrong: string[] = [];
  for (const graph of graphs) {
    const found = await differenceOf(graph);
    if (found) wrong.push(`${found}\n${JSON.stringify(graph.manifest)}`);
  }
  expect(wrong.join('\n').slice(0, 5000)).toBe('');
  expect(graphs.length).toBe(count);
  expect(graphs.filter(({ error }) => error === null).length).toBeGreaterThan(count / 10);

  async function differenceOf({ manifest, input, sources, ...expected }: Graph): Promise<string | null> {
    const given = sources ? { sources } : { input };
    const [outcome] = await runAll(page, manifest, [given]);
    if (!outcome) return 'no outcome';
    const { error, skipped } = outcome;
    const place = error && { name: error.name, node_id: error.node_id, item_index: error.item_index };
    return (
      difference({ error: place, skipped }, { error: expected.error, skipped: expected.skipped }) ??
      difference(fromJson(outcome.sinks), fromJson(expected.sinks), tolerance)
    );
  }
});
