/** Runs in an app that was built by a bundler: bundles by URL, the audio worklet, a node of the app's own in the worker. */
import { PackageLoader, PipelineRunner } from 'remotemedia';

const runner = await PipelineRunner.create();
const load = (name) => PackageLoader.loadFromFile(new URL(`bundles/${name}.rmpkg`, document.baseURI));

/** The first chunks of a tone, captured by the library's worklet as a microphone would be. */
async function countOfFrames() {
  const context = new AudioContext();
  const oscillator = new OscillatorNode(context);
  const destination = context.createMediaStreamDestination();
  oscillator.connect(destination);
  oscillator.start();
  const pass = { version: 'v1', nodes: [{ id: 'pass', node_type: 'PassThroughNode' }] };
  let frames = 0;
  for await (const { item } of runner.stream(pass, destination.stream.getAudioTracks()[0])) {
    frames += item.channels[0].length;
    if (frames > 4800) break;
  }
  await context.close();
  return frames;
}

async function check() {
  const { outputs: numbers } = await runner.execute(await load('calculator'), [5, 7, 3]);
  const words = { text: 'Hello WASM', operations: ['uppercase', 'word_count'] };
  const { outputs: texts } = await runner.execute(await load('text-processor'), [words]);
  runner.registerNode('AddOneNode', new URL('./add-one.js', import.meta.url));
  const own = { version: 'v1', nodes: [{ id: 'own', node_type: 'AddOneNode' }] };
  const { outputs: added } = await runner.execute(own, [1]);
  const heard = (await countOfFrames()) > 4800;
  await runner.close();
  return { numbers, results: texts[0].results, added, heard };
}

document.querySelector('#output').textContent = JSON.stringify(await check().catch((error) => String(error)));
