/** The conformance vectors in a page, with Rust and Python by turns: the host `chromium` of the matrix. */
import { Column, conformanceVectors } from '../../web/tests/conformance.js';
import { openEmbedding, runAll } from './embed.js';
import { expect, test } from './site.js';

test(`all ${conformanceVectors.length} conformance vectors`, async ({ page, siteUrl }) => {
  await openEmbedding(page, siteUrl);
  const column = new Column('chromium');
  const wrong: string[] = [];
  for (const vector of conformanceVectors) {
    const message = await column.check(vector, (manifest, runs) => runAll(page, manifest, runs));
    if (message) wrong.push(message);
  }
  column.write();
  expect(wrong.join('\n')).toBe('');
  expect(conformanceVectors.length).toBeGreaterThan(150);
});
