/** The input of a run: JSON text, a recording of the example, or a WAV file of the user. */
import { fromJson, toJson, type Value } from '../src/index.js';
import type { Example } from './examples.js';
import { page } from './page.js';

/** Offers what an example brings; null: a bundle of the user, which brings none. What was typed then stays. */
export function offerInput(example: Example | null): void {
  const recordings = example?.recordings ?? [];
  if (example) page.input.value = example.input ?? '';
  page.recording.replaceChildren(...recordings.map(({ name, url }) => new Option(name, url)));
  page.recordingsRow.hidden = recordings.length === 0;
  if (example) clearWav();
}

/** The chosen WAV file, else the chosen recording, else the JSON. */
export async function readInput(): Promise<Value> {
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

function clearWav(): void {
  page.wavFile.value = '';
  page.wavClear.hidden = true;
}

/** Makes the fields answer. */
export function listen(): void {
  page.input.addEventListener('input', checkInput);
  page.wavFile.addEventListener('change', () => {
    page.wavClear.hidden = !page.wavFile.files?.length;
  });
  page.wavClear.addEventListener('click', clearWav);
}
