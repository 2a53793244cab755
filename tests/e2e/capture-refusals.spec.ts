/** Captures of a track that cannot begin: the runner says why, and goes on. */
import { type Embedding, openEmbedding } from './embed.js';
import { expect, test } from './site.js';

const pass = { version: 'v1' as const, nodes: [{ id: 'n', node_type: 'PassThroughNode' }] };

test.beforeEach(({ page, siteUrl }) => openEmbedding(page, siteUrl));

test('a length of chunks that is none', async ({ page }) => {
  const [failure, outputs] = await page.evaluate(async (pass) => {
    const { runner } = window as unknown as Embedding;
    const [track] = new AudioContext().createMediaStreamDestination().stream.getAudioTracks();
    const thrown = await runner.execute(pass, track, { chunkMs: 0 }).catch(({ message }: Error) => message);
    return [thrown, (await runner.execute(pass, [5])).outputs] as const;
  }, pass);
  expect(failure).toContain('chunkMs must be positive, not 0');
  expect(outputs).toEqual([5]);
});

test('a worklet that is not there', async ({ page, siteUrl }) => {
  const [failure, outputs] = await page.evaluate(
    async ({ pass, base }) => {
      const { library } = window as unknown as Embedding;
      const assets = { base: `${base}remotemedia/`, worklet: `${base}nowhere.js` };
      const runner = await library.PipelineRunner.create({ assets });
      const [track] = new AudioContext().createMediaStreamDestination().stream.getAudioTracks();
      const failure = await runner
        .execute(pass, track)
        .catch(({ name, message }: Error) => ({ name, message }));
      return [failure, (await runner.execute(pass, [5])).outputs] as const;
    },
    { pass, base: siteUrl },
  );
  expect(failure).toMatchObject({
    name: 'RuntimeLoadError',
    message: expect.stringContaining(`the audio worklet cannot be loaded from ${siteUrl}nowhere.js`),
  });
  expect(outputs).toEqual([5]);
});
