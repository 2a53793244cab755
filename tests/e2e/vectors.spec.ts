/** Every shared pipeline vector and every bundle through the runner in a page, value by value. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fromJson } from '../../web/src/value-json.js';
import type { ErrorFields } from '../../web/tests/conformance.js';
import { difference, readFolder } from '../../web/tests/vectors.js';
import { embed } from './embed.js';
import { expect, test } from './site.js';

interface PipelineVector {
  name: string;
  manifest: unknown;
  input: unknown[];
  sinks: Record<string, unknown[]>;
  tolerance?: number;
  error?: ErrorFields;
}

const vectors = readFolder<PipelineVector>('pipelines');

test(`all ${vectors.length} pipeline vectors`, async ({ page, siteUrl }) => {
  const run = await embed(page, siteUrl);
  const wrong: string[] = [];
  for (const vector of vectors) {
    const outcome = await run(vector.manifest, vector.input);
    const parts = [
      differentError(outcome.error, vector.error ?? null),
      difference(fromJson(outcome.sinks), fromJson(vector.sinks), vector.tolerance ?? 0),
    ].filter(Boolean);
    if (parts.length > 0) wrong.push(`${vector.file} (${vector.name}): ${parts.join('; ')}`);
  }
  expect(wrong.join('\n')).toBe('');
  expect(vectors.length).toBeGreaterThan(50);
});

for (const name of readdirSync('packages/pipelines')) {
  test(`the bundle ${name} gives what its README says`, async ({ page, siteUrl }) => {
    const folder = `packages/pipelines/${name}`;
    const readme = readFileSync(`${folder}/README.md`, 'utf8');
    const inputs = [...readme.matchAll(/```json input\n([\s\S]*?)```/g)].flatMap(([, text]) =>
      inputsOf(text ?? '', folder),
    );
    const outputs = [...readme.matchAll(/```json output(?: tolerance=(.+?))?\n([\s\S]*?)```/g)].map(
      ([, tolerance, text]) => ({
        tolerance: Number(tolerance ?? 1e-9),
        items: JSON.parse(
          text?.startsWith('@') ? readFileSync(`${folder}/${text.trim().slice(1)}`, 'utf8') : (text ?? ''),
        ),
      }),
    );
    expect(inputs.length).toBeGreaterThan(0);
    expect(outputs.length).toBe(inputs.length);
    const run = await embed(page, siteUrl);
    for (const [index, input] of inputs.entries()) {
      const { sinks, error } = await run({ bundle: name }, input);
      expect(error).toBeNull();
      const { items, tolerance } = outputs[index] ?? {};
      expect(difference(fromJson(Object.values(sinks)[0]), fromJson(items), tolerance)).toBeNull();
    }
  });
}

test('a wrong manifest and a raising node are typed errors, and the runner works afterwards', async ({
  page,
  siteUrl,
}) => {
  const run = await embed(page, siteUrl);
  const node = { id: 'n', node_type: 'MultiplyNode' };
  const python = { ...node, runtime_hint: 'python' };
  expect((await run({ version: 'v2', nodes: [node, node] }, [1])).error?.name).toBe('ManifestError');
  for (const failing of [node, python]) {
    const { error, sinks } = await run({ version: 'v1', nodes: [failing] }, [1, 'text', 2]);
    expect(error).toMatchObject({ name: 'NodeError', node_id: 'n', item_index: 1 });
    expect(sinks).toEqual({ n: [2] });
    expect((await run({ version: 'v1', nodes: [failing] }, [3])).sinks).toEqual({ n: [6] });
  }
});

test('voice-gate gives the same segments at other sample rates', async ({ page, siteUrl }) => {
  const folder = 'packages/pipelines/voice-gate';
  execFileSync('.venv/bin/python', [`${folder}/make_variants.py`, '.cache/voice-gate']);
  const manifest = JSON.parse(readFileSync(`${folder}/manifest.json`, 'utf8'));
  const run = await embed(page, siteUrl);
  const segments = async (file: string) => {
    const { sinks, error } = await run(manifest, [{ $bytes: readFileSync(file).toString('base64') }]);
    expect(error).toBeNull();
    return Object.values(sinks)[0]?.[0];
  };
  const variants = readdirSync('.cache/voice-gate');
  expect(variants.length).toBe(4);
  for (const variant of variants) {
    const original = `${folder}/data/${variant.replace(/-(44100|48000)\.wav$/, '.wav')}`;
    const [found, expected] = [await segments(`.cache/voice-gate/${variant}`), await segments(original)];
    expect(difference(found, expected, 0.06 + 1e-9), variant).toBeNull();
  }
});

function differentError(found: ErrorFields | null, expected: ErrorFields | null): string | null {
  const fields = found && { name: found.name, node_id: found.node_id, item_index: found.item_index };
  return difference(fields, expected);
}

/** The input of a block: JSON, or one `@file` per line. */
function inputsOf(text: string, folder: string): unknown[] {
  if (!text.trim().startsWith('@')) return [JSON.parse(text)];
  return text
    .trim()
    .split('\n')
    .map((line) => [{ $bytes: readFileSync(`${folder}/${line.trim().slice(1)}`).toString('base64') }]);
}
