/** Bundles with Python nodes of their own, made of the sources in `bundle-nodes/`. */
import { readFileSync } from 'node:fs';
import { zip } from '../../tests/hostile/zip.js';
import type { Manifest } from '../src/manifest.js';
import { type BundleEntry, type LoadedPackage, PackageLoader } from '../src/package-loader.js';
import { chain } from './chains.js';
import { root } from './vectors.js';

const numbers = { low: 0, high: 1 };

/** Entries of the nodes in kit.py: what a catalog has to tell. */
export const kit: readonly BundleEntry[] = [
  entry('ClampNode', {
    params: {
      type: 'object',
      additionalProperties: false,
      required: [],
      properties: Object.fromEntries(
        Object.entries(numbers).map(([name, value]) => [name, { type: 'number', default: value }]),
      ),
    },
  }),
  entry('ShiftNode'),
  entry('TableNode'),
  entry('SplitNode', { outputs: { even: { kinds: ['number'] }, odd: { kinds: ['number'] } } }),
  entry('SumNode', { stateful: true }),
  entry('LaterNode'),
  entry('CountdownNode'),
  entry('MeanNode', { requires: ['numpy>=2'] }),
  entry('WriteNode'),
  entry('RaiseNode'),
  entry('LoopNode'),
  entry('FutureNode', { requires: ['numpy>=99'] }),
];

/** A catalog entry of a node in a Rust module. */
export function rustEntry(type: string): BundleEntry {
  const { module: _, ...rest } = entry(type, { runtime: 'rust' });
  return rest;
}

/** A catalog entry of a node in nodes/kit.py. */
export function entry(type: string, rest: Partial<BundleEntry> = {}): BundleEntry {
  return {
    type,
    module: 'nodes.kit',
    runtime: 'python',
    params: { type: 'object', additionalProperties: false, required: [], properties: {} },
    aliases: [],
    inputs: { in: { kinds: ['any'] } },
    outputs: { out: { kinds: ['any'] } },
    stateful: false,
    requires: [],
    ...rest,
  };
}

/** How a bundle differs from the usual one. */
export interface Contents {
  readonly entries?: readonly BundleEntry[];
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Entries of Rust modules, by place. */
  readonly modules?: Readonly<Record<string, readonly BundleEntry[]>>;
  /** Origins that it asks for. */
  readonly network?: readonly string[];
}

/** The file of a bundle with the nodes of kit.py. */
export function bundleFile(manifest: Manifest, contents: Contents = {}): Uint8Array<ArrayBuffer> {
  const { entries = kit, files = {}, modules = {}, network } = contents;
  const runtime = network ? { runtime: { capabilities: { network } } } : {};
  const all: Record<string, string | Uint8Array> = {
    'manifest.json': JSON.stringify({ ...manifest, ...runtime }),
    'catalog.json': JSON.stringify({ version: 1, places: { python: entries, ...modules } }),
    'nodes/kit.py': readFileSync(`${root}web/tests/bundle-nodes/kit.py`, 'utf8'),
    'nodes/shared.py': 'offset = 100\n',
    'assets/words/table.json': '{"1": "one", "2": "two"}',
    ...files,
  };
  return zip(Object.entries(all).map(([name, content]) => ({ name, content })));
}

/** That bundle, loaded. */
export function bundle(manifest: Manifest, contents: Contents = {}): Promise<LoadedPackage> {
  return PackageLoader.loadFromFile(bundleFile(manifest, contents));
}

const text = (content: string): string => `${content}\n`;

/** A wheel of the package `greeting-kit`, which comes with no bundle. */
export const greetingWheel = zip([
  { name: 'greeting_kit.py', content: text('def greet(item):\n    return f"hello {item}"') },
  {
    name: 'greeting_kit-1.2.dist-info/METADATA',
    content: text('Metadata-Version: 2.1\nName: greeting-kit\nVersion: 1.2'),
  },
  {
    name: 'greeting_kit-1.2.dist-info/WHEEL',
    content: text('Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any'),
  },
  { name: 'greeting_kit-1.2.dist-info/RECORD', content: '' },
]);

const greeter = (requirement: string): string => `
from remotemedia import Node

class GreetNode(Node, requires=[${JSON.stringify(requirement)}]):
    def process(self, item):
        from greeting_kit import greet
        return greet(item)
`;

/** The file of a bundle with a node that uses the package `greeting-kit` and requires what it is told. */
export function greetingFile(requirement: string): Uint8Array<ArrayBuffer> {
  return bundleFile(chain({ node_type: 'GreetNode' }), {
    entries: [entry('GreetNode', { module: 'nodes.greet', requires: [requirement] })],
    files: { 'nodes/greet.py': greeter(requirement) },
  });
}
