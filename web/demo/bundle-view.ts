/** Shows what a bundle is and what it may do, before anything of it runs. */
import type { LoadedPackage } from '../src/index.js';
import { objectOf, textOf } from './claims.js';
import type { Consent } from './consent.js';
import { element } from './elements.js';
import { type Facts, type NodeFacts, placeText, sizeText, trustText } from './facts.js';
import type { ParamForms } from './param-forms.js';

const mostNodes = 100;
const mostWarnings = 20;
const languages = { rust: 'Rust', python: 'Python' } as const;

/** The parts of the view that answer to the user. */
export interface Asking {
  readonly consent: Consent;
  readonly forms: ParamForms;
}

/** Name, origin, powers, nodes. `fallback` is the name of a bundle that has none, `summary` is shown below it. */
export function bundleView(
  pkg: LoadedPackage,
  facts: Facts,
  { consent, forms }: Asking,
  fallback: string,
  summary: string,
): Node[] {
  const told = { ...objectOf(pkg.manifest.metadata), ...objectOf(pkg.metadata) };
  const nodes = facts.nodes.slice(0, mostNodes).map((node) => nodeView(node, forms));
  const more = facts.nodes.length - nodes.length;
  const warnings = pkg.warnings.slice(0, mostWarnings);
  return [
    element('h3', '', textOf(told.name, 100) || fallback),
    element('p', 'soft', summary || textOf(told.description)),
    descriptions([
      ['Version', textOf(told.version, 60) || 'not told'],
      ['Author', textOf(told.author, 100) || 'not told'],
      ['Licence', textOf(told.license, 100) || 'not told'],
      ['Trust', trustText(pkg)],
      ['May do', consent.view ?? 'Computes only. It asks for nothing else.'],
      ['Runs', placeText(facts, pkg)],
      ['Downloads', downloadsText(pkg, facts)],
      ...(warnings.length > 0
        ? [['Warnings', list(warnings.map(({ message }) => textOf(message)))] as const]
        : []),
    ]),
    element('h4', '', facts.nodes.length === 1 ? '1 node' : `${facts.nodes.length} nodes`),
    element('ol', 'nodes', ...nodes),
    ...(more > 0 ? [element('p', 'soft', `and ${more} more`)] : []),
  ];
}

function descriptions(
  rows: readonly (readonly [term: string, content: string | HTMLElement])[],
): HTMLElement {
  const all = rows.flatMap(([term, content]) => [element('dt', '', term), element('dd', '', content)]);
  return element('dl', 'facts', ...all);
}

function list(texts: readonly string[]): HTMLElement {
  return element('ul', '', ...texts.map((text) => element('li', '', text)));
}

function downloadsText(pkg: LoadedPackage, { downloads }: Facts): string {
  const parts = downloads.map(
    ({ name, bytes }) => `${name} (${bytes === null ? 'size not known' : sizeText(bytes)})`,
  );
  const own = `The bundle has ${sizeText(pkg.size)}.`;
  return `${own} To run it, unless the browser has it: ${parts.join(', ')}; all from this site.`;
}

function nodeView(node: NodeFacts, forms: ParamForms): HTMLElement {
  const { id, name, type } = node;
  const where = type ? languages[type.runtime] : 'No such node is known here';
  const whose = !type ? '' : type.isOwn ? ", the bundle's own code" : ', built in';
  const form = forms.view(node);
  return element(
    'li',
    type?.isOwn ? 'own' : '',
    element('p', 'node', element('strong', '', `${id}: ${name}`), ` ${where}${whose}`),
    ...(type?.summary ? [element('p', 'soft', type.summary)] : []),
    ...(form ? [form] : []),
  );
}
