/** The demo page: choose or drop a bundle, give input, run, stop, see what came out. */
import {
  fromJson,
  type LoadedPackage,
  PackageLoader,
  PipelineRunner,
  type ProgressEvent,
  toJson,
  type Value,
} from '../src/index.js';
import { byId, element } from './elements.js';
import { type Example, examples } from './examples.js';
import { showStream } from './live.js';
import { failureView, resultView } from './results.js';

const page = {
  example: byId('example', HTMLSelectElement),
  drop: byId('drop', HTMLLabelElement),
  bundleFile: byId('bundle-file', HTMLInputElement),
  pipeline: byId('pipeline', HTMLElement),
  recordingsRow: byId('recordings-row', HTMLElement),
  recording: byId('recording', HTMLSelectElement),
  input: byId('input', HTMLTextAreaElement),
  inputError: byId('input-error', HTMLElement),
  wavFile: byId('wav-file', HTMLInputElement),
  wavClear: byId('wav-clear', HTMLButtonElement),
  run: byId('run', HTMLButtonElement),
  microphone: byId('microphone', HTMLButtonElement),
  stop: byId('stop', HTMLButtonElement),
  progress: byId('progress', HTMLProgressElement),
  status: byId('status', HTMLElement),
  failure: byId('failure', HTMLElement),
  results: byId('results', HTMLElement),
};

/** The bundle to run; a promise, so that a run waits for a bundle still being read. */
let bundle: Promise<LoadedPackage> | null = null;
let running: AbortController | null = null;
const runner = PipelineRunner.create();

function chooseExample(example: Example): void {
  page.input.value = example.input ?? '';
  page.recording.replaceChildren(
    ...example.recordings.map((recording) => new Option(recording.name, recording.url)),
  );
  page.recordingsRow.hidden = example.recordings.length === 0;
  clearWav();
  load(new URL(example.bundle, document.baseURI), example.name, example.summary);
}

function load(source: URL | File, name: string, summary: string): void {
  page.results.replaceChildren();
  page.failure.replaceChildren();
  say(`Reading ${name} …`);
  const loading = PackageLoader.loadFromFile(source, { onProgress: showProgress });
  bundle = loading;
  loading.then(
    (loaded) => {
      if (bundle !== loading) return;
      page.pipeline.replaceChildren(...pipelineView(loaded, summary));
      say(`${name} is ready.`);
    },
    (error: unknown) => {
      if (bundle !== loading) return;
      bundle = null;
      page.pipeline.replaceChildren();
      fail(error);
    },
  );
}

function pipelineView(loaded: LoadedPackage, summary: string): Node[] {
  const nodes = loaded.manifest.nodes.map((node) => element('li', '', `${node.id}: ${node.node_type}`));
  const warnings = loaded.warnings.map((warning) => element('p', 'soft', warning.message));
  return [element('p', 'soft', summary), element('ol', '', ...nodes), ...warnings];
}

/** Does `work` with the bundle, unless something runs already; shows how it ends. */
async function run(work: (bundle: LoadedPackage, signal: AbortSignal) => Promise<void>): Promise<void> {
  if (running || !bundle) return;
  const control = new AbortController();
  running = control;
  page.failure.replaceChildren();
  page.results.replaceChildren();
  showRunning(true);
  say('Running …');
  try {
    await work(await bundle, control.signal);
    page.results.focus();
    say('Done.');
  } catch (error) {
    fail(error);
  } finally {
    running = null;
    showRunning(false);
  }
}

function showRunning(isRunning: boolean): void {
  page.run.disabled = isRunning;
  page.microphone.disabled = isRunning;
  page.stop.disabled = !isRunning;
  page.progress.hidden = true;
}

async function runInput(loaded: LoadedPackage, signal: AbortSignal): Promise<void> {
  const begun = performance.now();
  const options = { signal, onProgress: showProgress, enableMetrics: true };
  const result = await (await runner).execute(loaded, await readInput(), options);
  page.results.replaceChildren(...resultView(result, performance.now() - begun));
}

/** Runs with the microphone until somebody stops it, which is then no failure. */
async function runMicrophone(loaded: LoadedPackage, signal: AbortSignal): Promise<void> {
  say('Waiting for the microphone …');
  const media = await navigator.mediaDevices.getUserMedia({ audio: true });
  try {
    signal.throwIfAborted();
    say('Listening …');
    const [track] = media.getAudioTracks();
    await showStream((await runner).stream(loaded, track, { signal }), page.results);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    for (const track of media.getTracks()) track.stop();
  }
}

/** The chosen WAV file, else the chosen recording, else the JSON. */
async function readInput(): Promise<Value> {
  const file = page.wavFile.files?.[0];
  if (file) return [new Uint8Array(await file.arrayBuffer())];
  if (page.input.value.trim() === '' && !page.recordingsRow.hidden) {
    const response = await fetch(page.recording.value);
    if (!response.ok) throw new Error(`${page.recording.value}: ${response.status} ${response.statusText}`);
    return [new Uint8Array(await response.arrayBuffer())];
  }
  return fromJson(JSON.parse(page.input.value));
}

/** Says at once what is wrong with the JSON, beside it. */
function checkInput(): void {
  let problem = '';
  try {
    if (page.input.value.trim() !== '') toJson(fromJson(JSON.parse(page.input.value)));
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  page.inputError.textContent = problem;
  page.inputError.hidden = problem === '';
  page.input.setAttribute('aria-invalid', String(problem !== ''));
}

function showProgress(event: ProgressEvent): void {
  page.progress.hidden = false;
  if (event.total) {
    page.progress.max = event.total;
    page.progress.value = event.loaded;
  } else {
    page.progress.removeAttribute('value');
  }
  say(`${event.phase} …`);
}

function say(text: string): void {
  page.status.textContent = text;
}

function fail(error: unknown): void {
  page.progress.hidden = true;
  page.failure.replaceChildren(failureView(error));
  say('Failed.');
}

function clearWav(): void {
  page.wavFile.value = '';
  page.wavClear.hidden = true;
}

function takeDropped(event: DragEvent): void {
  event.preventDefault();
  page.drop.classList.remove('over');
  const file = event.dataTransfer?.files[0];
  if (file) takeFile(file);
}

function takeFile(file: File): void {
  page.recordingsRow.hidden = true;
  load(file, file.name, file.name);
}

page.example.replaceChildren(...examples.map((example) => new Option(example.name, example.name)));
page.example.addEventListener('change', () => {
  const chosen = examples.find((example) => example.name === page.example.value);
  if (chosen) chooseExample(chosen);
});
page.bundleFile.addEventListener('change', () => {
  const file = page.bundleFile.files?.[0];
  if (file) takeFile(file);
});
// The whole page takes a dropped bundle: aiming at a small field is no pleasure.
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  page.drop.classList.add('over');
});
document.addEventListener('dragleave', () => page.drop.classList.remove('over'));
document.addEventListener('drop', takeDropped);
page.input.addEventListener('input', checkInput);
page.input.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void run(runInput);
});
page.wavFile.addEventListener('change', () => {
  page.wavClear.hidden = !page.wavFile.files?.length;
});
page.wavClear.addEventListener('click', clearWav);
page.run.addEventListener('click', () => void run(runInput));
page.microphone.addEventListener('click', () => void run(runMicrophone));
page.stop.addEventListener('click', () => running?.abort());

if (examples[0]) chooseExample(examples[0]);
