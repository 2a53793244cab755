/** Runs the opened bundle, if everything it asks for was allowed; stops it; shows how it ends. */
import { type LoadedPackage, PipelineRunner } from '../src/index.js';
import { readInput } from './input.js';
import { showStream } from './live.js';
import { openMicrophone } from './microphone.js';
import { type Opened, opened } from './opening.js';
import { page, say, showFailure, showProgress } from './page.js';
import { failureView, resultView } from './results.js';

/** What one run works with. */
interface Work {
  readonly pkg: LoadedPackage;
  readonly grant: { readonly network: readonly string[] };
  readonly signal: AbortSignal;
}

let running: AbortController | null = null;
const runner = PipelineRunner.create();

/** Does `work` with the bundle, unless something runs already or something is missing. */
async function run(work: (work: Work) => Promise<void>): Promise<void> {
  if (running) return;
  const control = new AbortController();
  running = control;
  showRunning(true);
  try {
    const bundle = await opened();
    if (!bundle) say('Not run: open a bundle first.');
    if (!bundle || isIncomplete(bundle)) return;
    showFailure(page.failure, null);
    page.results.replaceChildren();
    say('Running …');
    const grant = { network: bundle.consent.granted };
    await work({ pkg: bundle.forms.applied(bundle.pkg), grant, signal: control.signal });
    say('Done.');
    page.results.focus();
  } catch (error) {
    showFailure(page.failure, failureView(error));
    say('Failed.');
    page.failure.focus();
  } finally {
    running = null;
    showRunning(false);
  }
}

/** Leads to what has to be done before a run. */
function isIncomplete({ consent, forms }: Opened): boolean {
  const wrong = forms.focusWrong();
  if (wrong) say(`Not run: ${wrong} is wrong.`);
  const { missing } = consent;
  if (!wrong && missing.length > 0) {
    say(`Not run: allow ${missing.join(', ')} first.`);
    consent.focus();
  }
  return wrong !== '' || missing.length > 0;
}

/** Buttons that are not disabled keep the focus. */
function showRunning(isRunning: boolean): void {
  for (const button of [page.run, page.microphone]) button.ariaDisabled = String(isRunning);
  page.stop.ariaDisabled = String(!isRunning);
  page.progress.hidden = true;
}

async function runInput({ pkg, grant, signal }: Work): Promise<void> {
  const begun = performance.now();
  const options = { signal, grant, onProgress: showProgress, enableMetrics: true };
  const result = await (await runner).execute(pkg, await readInput(), options);
  page.results.replaceChildren(...resultView(result, performance.now() - begun));
}

/** Runs with the microphone until somebody stops it, which is then no failure. */
async function runMicrophone({ pkg, grant, signal }: Work): Promise<void> {
  say('Waiting for the microphone …');
  let track: MediaStreamTrack | null = null;
  try {
    track = await openMicrophone(signal);
    say('Listening …');
    await showStream((await runner).stream(pkg, track, { signal, grant }), page.results);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    track?.stop();
  }
}

/** Makes the buttons work, and Ctrl+Enter in the input. */
export function listen(): void {
  page.input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void run(runInput);
  });
  page.run.addEventListener('click', () => void run(runInput));
  page.microphone.addEventListener('click', () => void run(runMicrophone));
  page.stop.addEventListener('click', () => running?.abort());
}
