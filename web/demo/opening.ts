/** Opens bundles: reads one, shows what it is and asks for, or why it is refused. Nothing of it runs. */
import { type LoadedPackage, PackageLoader } from '../src/index.js';
import { bundleView } from './bundle-view.js';
import { Consent, runLabel, runNote } from './consent.js';
import { factsOf } from './facts.js';
import { nodeTypes } from './node-types.js';
import { page, say, showFailure, showProgress } from './page.js';
import { ParamForms } from './param-forms.js';
import { failureView } from './results.js';

/** A bundle that the page shows. */
export interface Opened {
  readonly pkg: LoadedPackage;
  readonly consent: Consent;
  readonly forms: ParamForms;
}

/** Where a bundle comes from, and what is known of it. */
export interface Origin {
  readonly source: URL | File;
  readonly name: string;
  /** What somebody wrote of it, else empty. */
  readonly summary: string;
  /** Whether the reader's place is to be the view of the bundle. */
  readonly takesFocus: boolean;
}

/** The newest; a promise, so that a run waits for a bundle still being read. */
let newest: Promise<Opened | null> = Promise.resolve(null);
let reading = new AbortController();

/** The bundle that the page shows; null if there is none. */
export function opened(): Promise<Opened | null> {
  return newest;
}

/** Opens a bundle in place of the one before. */
export function open(origin: Origin): void {
  for (const place of [page.refusal, page.failure]) showFailure(place, null);
  page.results.replaceChildren();
  page.bundle.replaceChildren();
  showTerms(null);
  say(`Reading ${origin.name} …`);
  reading.abort();
  reading = new AbortController();
  const opening = read(origin, reading.signal).catch((error: unknown) => {
    if (newest === opening) refuse(origin, error);
    return null;
  });
  newest = opening;
  void opening.then((bundle) => bundle && newest === opening && show(origin, bundle));
}

interface Read extends Opened {
  readonly view: readonly Node[];
}

async function read({ source, name, summary }: Origin, signal: AbortSignal): Promise<Read> {
  const trusted = document.querySelector<HTMLMetaElement>('meta[name="trusted-keys"]')?.content ?? '';
  const trustedKeys = trusted.split(/\s+/).filter(Boolean);
  const pkg = await PackageLoader.load(source, { signal, onProgress: showProgress, trustedKeys });
  const facts = factsOf(pkg, await nodeTypes(pkg));
  const consent: Consent = new Consent(pkg.capabilities.network, () => showTerms(consent));
  const forms = new ParamForms(pkg);
  return { pkg, consent, forms, view: bundleView(pkg, facts, { consent, forms }, name, summary) };
}

function show({ name, takesFocus }: Origin, { consent, view }: Read): void {
  page.progress.hidden = true;
  page.bundle.replaceChildren(...view);
  showTerms(consent);
  const asks = consent.missing.length > 0;
  say(asks ? `${name} asks to reach ${consent.missing.join(', ')}.` : `${name} is ready.`);
  if (takesFocus) page.bundle.focus();
}

/** What the button for running says, and what stands beside it. */
function showTerms(consent: Consent | null): void {
  page.run.textContent = runLabel(consent);
  page.runNote.textContent = runNote(consent);
}

function refuse({ name, takesFocus }: Origin, error: unknown): void {
  page.progress.hidden = true;
  showFailure(page.refusal, failureView(error, `${name} was refused. Nothing of it has run.`));
  say('Refused.');
  if (takesFocus) page.refusal.focus();
}
