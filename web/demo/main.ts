/** The demo page: choose or drop a bundle, see what it is and may do, give input, run, stop, see what came out. */
import { type Example, examples } from './examples.js';
import { listen as listenToInput, offerInput } from './input.js';
import { open } from './opening.js';
import { page } from './page.js';
import { listen as listenToButtons } from './running.js';

function chooseExample(example: Example): void {
  offerInput(example);
  const { name, summary } = example;
  // Whoever goes through the list with the keyboard stays in it.
  open({ source: new URL(example.bundle, document.baseURI), name, summary, takesFocus: false });
}

function takeFile(file: File): void {
  offerInput(null);
  open({ source: file, name: file.name, summary: '', takesFocus: true });
}

function takeDropped(event: DragEvent): void {
  event.preventDefault();
  page.drop.classList.remove('over');
  const file = event.dataTransfer?.files[0];
  if (file) takeFile(file);
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
listenToInput();
listenToButtons();

if (examples[0]) chooseExample(examples[0]);
