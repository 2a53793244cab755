/** Streams in a browser: a MediaStreamTrack through the AudioWorklet, workers that end by themselves, what is fetched when. */
import type { Page } from '@playwright/test';
import { expect, test } from './site.js';

type Library = typeof import('../../web/src/index.js');
type Runner = import('../../web/src/index.js').PipelineRunner;
type Sound = import('../../web/src/index.js').Audio;
declare const library: Library;
declare const runner: Runner;
/** A track of a sine of 440 Hz, and what it comes from. */
declare function tone(): Promise<{ track: MediaStreamTrack; stop(): Promise<void> }>;
/** Contexts that are still open. */
declare const contexts: Set<AudioContext>;
/** URLs of worklets: the browser's own tools do not tell of them. */
declare const worklets: string[];

const pass = { version: 'v1' as const, nodes: [{ id: 'n', node_type: 'PassThroughNode' }] };

async function embed(page: Page, siteUrl: string) {
  const url = `${siteUrl}embedded.html`;
  await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
  await page.goto(url);
  await page.evaluate(async (base) => {
    const open = new Set<AudioContext>();
    window.AudioContext = class extends AudioContext {
      constructor(options?: AudioContextOptions) {
        super(options);
        open.add(this);
      }
      override async close() {
        await super.close();
        open.delete(this);
      }
    };
    const worklets: string[] = [];
    const { addModule } = AudioWorklet.prototype;
    AudioWorklet.prototype.addModule = function (url, options) {
      worklets.push(String(url));
      return addModule.call(this, url, options);
    };
    const library = await import(new URL('/lib/index.js', base).href);
    const runner = await library.PipelineRunner.create({ assets: { base: `${base}remotemedia/` } });
    const tone = async () => {
      const context = new AudioContext();
      const oscillator = new OscillatorNode(context, { frequency: 440 });
      const destination = context.createMediaStreamDestination();
      oscillator.connect(destination);
      oscillator.start();
      await context.resume();
      return { track: destination.stream.getAudioTracks()[0], stop: () => context.close() };
    };
    Object.assign(window, { library, runner, tone, worklets, contexts: open });
  }, siteUrl);
}

test('a track comes as chunks with true times, and leaving the loop lets go of it', async ({
  page,
  siteUrl,
}) => {
  await embed(page, siteUrl);
  const outcome = await page.evaluate(async (pass) => {
    const { track, stop } = await tone();
    const chunks: Sound[] = [];
    const stream = runner.stream(pass, track, { chunkMs: 10, live: 'block' });
    for await (const { item } of stream) {
      chunks.push(item as Sound);
      if (chunks.length === 100) break;
    }
    const after = { open: contexts.size, state: track.readyState };
    await stop();
    const { sampleRate } = chunks[0] as Sound;
    /** Where the wave rises through zero, in seconds by the timestamps of its chunks. */
    const rises = chunks.flatMap(({ channels: [samples = []], timestamp }) =>
      [...samples.keys()]
        .filter((k) => k > 0 && (samples[k - 1] ?? 0) < 0 && (samples[k] ?? 0) >= 0)
        .map((k) => (timestamp ?? 0) + k / sampleRate),
    );
    const periods = rises.slice(1).map((time, k) => time - (rises[k] ?? 0));
    periods.sort((a, b) => a - b);
    return {
      after,
      sampleRate,
      lengths: chunks.map(({ frames }) => frames),
      // Where a chunk begins, in frames from the end of the one before: 0 unless the hardware left something out.
      gaps: chunks.slice(1).map((chunk, k) => {
        const before = chunks[k] as Sound;
        return ((chunk.timestamp ?? 0) - (before.timestamp ?? 0)) * sampleRate - before.frames;
      }),
      first: chunks[0]?.timestamp,
      frequency: 1 / (periods[periods.length >> 1] ?? 0),
      dropped: stream.dropped,
      worklets,
    };
  }, pass);
  const chunk = Math.round(outcome.sampleRate / 100);
  // A busy machine leaves audio out: then a chunk ends early, and the next one says how much is missing.
  expect(Math.max(...outcome.lengths)).toBe(chunk);
  expect(outcome.lengths.filter((length) => length < chunk).length).toBeLessThanOrEqual(
    outcome.gaps.filter((gap) => gap > 1).length + 1,
  );
  expect(outcome.first).toBe(0);
  for (const gap of outcome.gaps) expect(gap).toBeGreaterThan(-0.01);
  // Periods are told to the frame.
  expect(Math.abs(outcome.frequency - 440)).toBeLessThan(8);
  expect(outcome.dropped).toEqual({ n: 0 });
  // Only the one that makes the tone is open, and the track is its owner's.
  expect(outcome.after).toEqual({ open: 1, state: 'live' });
  expect(outcome.worklets).toEqual([expect.stringMatching(/^http.*\/lib\/capture\.worklet\.js$/)]);
});

test('a stream ends with its track, also when the owner stops it', async ({ page, siteUrl }) => {
  await embed(page, siteUrl);
  const frames = await page.evaluate(async (pass) => {
    const { track, stop } = await tone();
    const chunks: Sound[] = [];
    for await (const { item } of runner.stream(pass, track, { live: 'block' })) {
      chunks.push(item as Sound);
      if (chunks.length === 20) track.stop();
    }
    await stop();
    const seconds = chunks.reduce((sum, chunk) => sum + chunk.duration, 0);
    const last = chunks.at(-1) as Sound;
    return { seconds, end: (last.timestamp ?? 0) + last.duration, open: contexts.size };
  }, pass);
  expect(frames.seconds).toBeGreaterThan(0.39);
  expect(frames.end).toBeGreaterThan(frames.seconds - 0.001);
  expect(frames.open).toBe(0);
});

test('video, and pages without AudioWorklet, are a CapabilityError', async ({ page, siteUrl }) => {
  await embed(page, siteUrl);
  const names = await page.evaluate(async (pass) => {
    const nameOf = (error: Error) => error.name;
    const video = document.createElement('canvas').captureStream().getVideoTracks()[0] as MediaStreamTrack;
    const first = await runner.execute(pass, video).catch(nameOf);
    const { track, stop } = await tone();
    Object.assign(window, { AudioWorkletNode: undefined });
    const second = await runner.execute(pass, track).catch(nameOf);
    await stop();
    return [first, second, (await runner.execute(pass, [5])).outputs];
  }, pass);
  expect(names).toEqual(['CapabilityError', 'CapabilityError', [5]]);
});

test('a worker that ends by itself fails its run, and the next call goes on', async ({ page, siteUrl }) => {
  await embed(page, siteUrl);
  await page.route('**/dying.mjs', (route) =>
    route.fulfill({ contentType: 'text/javascript', body: 'export default () => () => self.close();' }),
  );
  const outcome = await page.evaluate(
    async ({ pass, url }) => {
      runner.registerNode('DyingNode', url);
      const dying = { version: 'v1' as const, nodes: [{ id: 'n', node_type: 'DyingNode' }] };
      const failed = runner.stream(dying, [1, 2]).next();
      const next = runner.execute(pass, [5]);
      const error = await failed.catch(({ name, code }) => ({ name, code }));
      return { error, outputs: (await next).outputs };
    },
    { pass, url: `${siteUrl}dying.mjs` },
  );
  expect(outcome.error).toEqual({ name: 'RuntimeLoadError', code: 'worker_died' });
  expect(outcome.outputs).toEqual([5]);
});

test('a plain run fetches nothing of streams', async ({ page, siteUrl }) => {
  const scripts: string[] = [];
  page.on('request', (request) => scripts.push(request.url()));
  await embed(page, siteUrl);
  await page.evaluate(async (pass) => void (await runner.execute(pass, [1, 2])), pass);
  const isOfStreams = (url: string) => /\/(drive|outlet|track|trace|capture)\b/.test(url);
  expect(scripts.filter(isOfStreams)).toEqual([]);
  const received = await page.evaluate(async (pass) => {
    const items: unknown[] = [];
    for await (const { item } of runner.stream(pass, new Set([1, 2]))) items.push(item);
    return items;
  }, pass);
  expect(received).toEqual([1, 2]);
  expect(scripts.filter(isOfStreams).length).toBeGreaterThan(0);
});
