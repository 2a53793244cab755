/** Bundles whose nodes are those of `escape.py`. */
import { readFileSync } from 'node:fs';
import { zip } from '../../hostile/zip.js';

const types = ['EscapeNode', 'MeanNode', 'EchoedNode', 'LoopNode', 'FatalNode', 'FetchNode'];
const source = readFileSync('tests/e2e/sandbox/escape.py', 'utf8');

/** Names of the attempts in `escape.py`. */
export const attempts = [...source.matchAll(/@attempt\n(?:async )?def (\w+)/g)].map(([, name]) =>
  String(name),
);

/** What comes after the first node of a bundle, and the origins that it asks for. */
export interface Rest {
  readonly after?: readonly { readonly id: string; readonly node_type: string }[];
  readonly network?: readonly string[];
  readonly description?: string;
}

/** The bytes of a bundle that begins with a node of `escape.py`. */
export function escapeBundle(type: string, { after = [], network, description = '' }: Rest = {}): number[] {
  const nodes = [{ id: 'own', node_type: type }, ...after];
  const connections = nodes.slice(1).map(({ id }, index) => ({ from: nodes[index]?.id, to: id }));
  const runtime = network ? { capabilities: { network } } : {};
  const file = zip([
    {
      name: 'manifest.json',
      content: JSON.stringify({ version: 'v1', metadata: { description }, nodes, connections, runtime }),
    },
    { name: 'catalog.json', content: JSON.stringify({ version: 1, places: { python: types.map(entry) } }) },
    { name: 'nodes/escape.py', content: source },
  ]);
  return [...file];
}

function entry(type: string): object {
  return {
    type,
    module: 'nodes.escape',
    runtime: 'python',
    params: { type: 'object', additionalProperties: false, required: [], properties: {} },
    aliases: [],
    inputs: { in: { kinds: ['any'] } },
    outputs: { out: { kinds: ['any'] } },
    stateful: false,
    requires: type === 'MeanNode' ? ['numpy'] : [],
  };
}
