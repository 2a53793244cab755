/** Runners on what is built: the worker's script from setup.ts, the assets from dist/remotemedia. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { PipelineRunner } from '../src/pipeline-runner.js';
import type { RunnerOptions } from '../src/runner-options.js';
import { root } from './vectors.js';

const assets = {
  base: pathToFileURL(`${root}dist/remotemedia/`),
  worker: pathToFileURL(`${root}.cache/vitest-lib/engine.worker.js`),
};

/** A runner whose engine has a thread of its own, unless `inline`. */
export function createRunner(options: RunnerOptions = {}): Promise<PipelineRunner> {
  if (!existsSync(new URL('runtime.wasm', assets.base)))
    throw new Error('run scripts/build first: no dist/remotemedia');
  return PipelineRunner.create({ ...options, assets: { ...assets, ...options.assets } });
}
