/** Catalogs that are missing, malformed, or promise what is not there. */
import { type Case, json, loads, refused, withManifest } from './case.js';
import { moduleOf } from './modules.js';
import { wheel } from './wheels.js';
import type { Entry } from './zip.js';

const source: Entry = { name: 'nodes/clamp.py', content: 'class ClampNode: ...\n' };
const module: Entry = { name: 'modules/soft-clip.wasm', content: moduleOf() };
const wheelFile: Entry = { name: 'wheels/clip-1.0-py3-none-any.whl', content: wheel(), stored: true };
const clamp = { type: 'ClampNode', runtime: 'python', params: {}, module: 'nodes.clamp' };
const soft = { type: 'SoftClipNode', runtime: 'rust', params: {} };
const full = {
  ...clamp,
  aliases: ['Clamp'],
  requires: ['numpy'],
  inputs: { in: { kinds: ['number'] } },
  outputs: { out: { kinds: ['number'] } },
};

const listing = (places: unknown, ...entries: Entry[]) =>
  withManifest(json('catalog.json', { version: 1, places }), source, ...entries);
const bad = (what: string, places: unknown, ...entries: Entry[]): Case =>
  refused(`catalog: ${what}`, 'bad_catalog', () => listing(places, ...entries));
const python = (what: string, ...entries: unknown[]): Case => bad(what, { python: entries });
const document = (what: string, content: string): Case =>
  refused(`catalog: ${what}`, 'bad_catalog', () => withManifest({ name: 'catalog.json', content }, source));

export const catalogs: readonly Case[] = [
  loads('catalog: a Python node', () => listing({ python: [full] })),
  loads('catalog: a Rust node', () => listing({ python: [], 'rust:soft-clip': [soft] }, module)),
  loads('catalog: the same type in two places', () =>
    listing({ python: [clamp], 'rust:soft-clip': [{ ...soft, type: 'ClampNode' }] }, module),
  ),
  loads('catalog: a package of nodes', () =>
    withManifest(
      json('catalog.json', { version: 1, places: { python: [{ ...clamp, module: 'nodes.a.b' }] } }),
      {
        ...source,
        name: 'nodes/a/b/__init__.py',
      },
    ),
  ),
  loads('catalog: a node of a wheel', () => listing({ python: [{ ...clamp, module: 'clip' }] }, wheelFile)),
  loads('catalog: without nodes', () => withManifest(json('catalog.json', { version: 1, places: {} }))),
  loads('catalog: unknown fields', () => listing({ python: [{ ...clamp, colour: 'red' }] })),
  loads('catalog: nothing is in the folder nodes', () =>
    withManifest({ name: 'nodes/', content: '', stored: true }),
  ),

  refused('catalog: none for a Python node', 'missing_catalog', () => withManifest(source)),
  refused('catalog: none for a module', 'missing_catalog', () => withManifest(module)),
  refused('catalog: none for a wheel', 'missing_catalog', () => withManifest(wheelFile)),
  refused('catalog: none for anything in nodes', 'missing_catalog', () =>
    withManifest({ name: 'nodes/README.md', content: '' }),
  ),
  document('no JSON', 'x'),
  document('list', '[]'),
  document('without places', '{"version":1}'),
  document('places are a list', '{"version":1,"places":[]}'),
  document('version 2', '{"version":2,"places":{}}'),
  document('version is a text', '{"version":"1","places":{}}'),
  document('version is true', '{"version":true,"places":{}}'),
  document('number beyond a double', '{"version":1,"places":{},"a":1e999}'),
  document('100,000 levels', `{"version":1,"places":${'['.repeat(1e5)}${']'.repeat(1e5)}}`),

  bad('place of the page', { 'js:page': [] }),
  bad('place __proto__', JSON.parse('{"__proto__":[]}')),
  bad('place without module', { 'rust:other': [] }),
  bad('place of our runtime', { 'rust:runtime': [] }),
  bad('place that leads elsewhere', { 'rust:../nodes/clamp': [] }),
  bad('place like one with a module', { 'xxxx:soft-clip': [], 'rust:soft-clip': [] }, module),
  bad('module without place', { python: [clamp] }, module),
  bad('module called runtime', { 'rust:runtime': [] }, { ...module, name: 'modules/runtime.wasm' }),
  bad('module in capitals', { 'rust:Clip': [] }, { ...module, name: 'modules/Clip.wasm' }),
  bad('module in a folder', { 'rust:a/b': [] }, { ...module, name: 'modules/a/b.wasm' }),
  bad('module that begins with a hyphen', { 'rust:-a': [] }, { ...module, name: 'modules/-a.wasm' }),
  bad('text among the modules', { 'rust:soft-clip': [] }, module, { name: 'modules/README.md', content: '' }),
  bad('place that is an object', { python: {} }),
  python('entry that is null', null),
  python('entry that is a list', []),
  python('no type', { ...clamp, type: undefined }),
  python('empty type', { ...clamp, type: '' }),
  python('type is a number', { ...clamp, type: 1 }),
  python('type of a built-in Python node', { ...clamp, type: 'AddNode' }),
  python('type of a built-in Rust node', { ...clamp, type: 'SpectrogramNode' }),
  python('type that is an alias of a built-in node', { ...clamp, type: 'Echo' }),
  python('alias of a built-in node', { ...clamp, aliases: ['PassThrough'] }),
  python('type twice', clamp, clamp),
  python('alias that is a type', clamp, { ...clamp, type: 'Other', aliases: ['ClampNode'] }),
  python('alias twice', { ...clamp, aliases: ['A', 'A'] }),
  python('aliases are a text', { ...clamp, aliases: 'Clamp' }),
  python('aliases of numbers', { ...clamp, aliases: [1] }),
  python('no runtime', { ...clamp, runtime: undefined }),
  python('runtime of another place', { ...clamp, runtime: 'rust' }),
  python('no params', { ...clamp, params: undefined }),
  python('params are a list', { ...clamp, params: [] }),
  python('inputs are a list', { ...clamp, inputs: [] }),
  python('port without kinds', { ...clamp, outputs: { out: {} } }),
  python('port that is null', { ...clamp, inputs: { in: null } }),
  python('requires is a text', { ...clamp, requires: 'numpy' }),
  python('requires is null', { ...clamp, requires: null }),
  python('no module', { ...clamp, module: undefined }),
  python('module is a number', { ...clamp, module: 1 }),
  python('module that is not there', { ...clamp, module: 'nodes.other' }),
  python('module of the standard library', { ...clamp, module: 'os' }),
  python('module nodes', { ...clamp, module: 'nodes' }),
  python('module that is a path', { ...clamp, module: 'nodes/clamp' }),
  python('module that leads elsewhere', { ...clamp, module: 'nodes...clamp' }),
  python('module and a line feed', { ...clamp, module: 'nodes.clamp\n' }),
  python('module of another case', { ...clamp, module: 'nodes.Clamp' }),
  bad('module that the wheel has not', { python: [{ ...clamp, module: 'clip.other' }] }, wheelFile),
  bad('Rust entry of Python', { 'rust:soft-clip': [{ ...soft, runtime: 'python' }] }, module),
  bad('Rust type that is built in', { 'rust:soft-clip': [{ ...soft, type: 'GainNode' }] }, module),
];
