/** The elements of the page, and its one voice. */
import type { ProgressEvent } from '../src/index.js';
import { byId } from './elements.js';

/** The elements by their ids. */
export const page = {
  example: byId('example', HTMLSelectElement),
  drop: byId('drop', HTMLLabelElement),
  bundleFile: byId('bundle-file', HTMLInputElement),
  refusal: byId('refusal', HTMLElement),
  bundle: byId('bundle', HTMLElement),
  recordingsRow: byId('recordings-row', HTMLElement),
  recording: byId('recording', HTMLSelectElement),
  input: byId('input', HTMLTextAreaElement),
  inputError: byId('input-error', HTMLElement),
  wavFile: byId('wav-file', HTMLInputElement),
  wavClear: byId('wav-clear', HTMLButtonElement),
  run: byId('run', HTMLButtonElement),
  runNote: byId('run-note', HTMLElement),
  microphone: byId('microphone', HTMLButtonElement),
  stop: byId('stop', HTMLButtonElement),
  progress: byId('progress', HTMLProgressElement),
  status: byId('status', HTMLElement),
  failure: byId('failure', HTMLElement),
  results: byId('results', HTMLElement),
};

const phases: Record<ProgressEvent['phase'], string> = {
  download: 'Reading the bundle',
  'load-wasm': 'Loading the Rust runtime',
  'load-pyodide': 'Loading Python',
  'load-packages': 'Loading Python packages',
  run: 'Running',
};

/** Says how things stand; screen readers say it too, so the same is not said twice. */
export function say(text: string): void {
  if (page.status.textContent !== text) page.status.textContent = text;
}

/** Shows how far something has come. */
export function showProgress(event: ProgressEvent): void {
  page.progress.hidden = false;
  if (event.total) {
    page.progress.max = event.total;
    page.progress.value = event.loaded;
  } else {
    page.progress.removeAttribute('value');
  }
  say(`${phases[event.phase]} …`);
}

/** Shows what was wrong, or nothing, in one of the places for that. */
export function showFailure(place: HTMLElement, view: HTMLElement | null): void {
  place.replaceChildren(...(view ? [view] : []));
  place.hidden = view === null;
}
