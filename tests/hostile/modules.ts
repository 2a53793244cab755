/** WebAssembly that is none, or wants or gives the wrong things. */
import { bytes, type Case, json, loads, refused, withManifest } from './case.js';
import type { Entry } from './zip.js';

const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const exported = [
  '_initialize',
  'rm_abi_version',
  'rm_alloc',
  'rm_catalog',
  'rm_free',
  'rm_last_error',
  'rm_mailbox',
  'rm_plan',
  'rm_segment_close',
  'rm_segment_flush',
  'rm_segment_metrics',
  'rm_segment_open',
  'rm_segment_resume',
  'rm_segment_run',
];

/** An import: a function of the only type, unless its kind is given. */
type Import = readonly [module: string, name: string, kind?: readonly number[]];

interface Parts {
  readonly imports?: readonly Import[];
  readonly names?: readonly string[];
  /** Kind and index of the export `memory`. */
  readonly memory?: readonly number[] | null;
  readonly ownMemory?: boolean;
  readonly body?: readonly number[];
  readonly more?: readonly number[];
}

/** A module whose functions all do nothing. */
export function moduleOf({
  imports = [],
  names = exported,
  memory = [2, 0],
  ownMemory = true,
  body = [0, 0x0b],
  more = [],
}: Parts = {}) {
  const functions = imports.filter(([, , kind]) => kind === undefined).length;
  const importEntries = imports.map(([module, name, kind = [0, 0]]) => [
    ...word(module),
    ...word(name),
    ...kind,
  ]);
  const exportEntries = names.map((name) => [...word(name), 0, functions]);
  if (memory) exportEntries.push([...word('memory'), ...memory]);
  return bytes(
    ...magic,
    ...section(1, [[0x60, 0, 0]]),
    ...(imports.length > 0 ? section(2, importEntries) : []),
    ...section(3, [[0]]),
    ...(ownMemory ? section(5, [[0, 1]]) : []),
    ...section(7, exportEntries),
    ...section(10, [[body.length, ...body]]),
    ...more,
  );
}

function word(text: string): number[] {
  return [...leb(Buffer.byteLength(text)), ...Buffer.from(text)];
}

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  const content = [...leb(entries.length), ...entries.flat()];
  return [id, ...leb(content.length), ...content];
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >> 7)];
}

const entry = { type: 'SoftClipNode', runtime: 'rust', params: {} };
const catalog = json('catalog.json', { version: 1, places: { 'rust:clip': [entry] } });
const asNode = (content: Uint8Array): Entry => ({ name: 'modules/clip.wasm', content });
const wasm = (what: string, code: string, content: () => Uint8Array, name = 'modules/clip.wasm'): Case =>
  refused(`wasm: ${what}`, code, () => withManifest({ name, content: content() }, catalog));
const wants = (what: string, ...imports: Import[]): Case =>
  wasm(`wants ${what}`, 'unexpected_import', () => moduleOf({ imports }));
const lacks = (name: string): Case =>
  wasm(`lacks ${name}`, 'missing_export', () =>
    moduleOf({ names: exported.filter((other) => other !== name) }),
  );

const wasi = 'wasi_snapshot_preview1';

export const modules: readonly Case[] = [
  loads('wasm: a node', () => withManifest(asNode(moduleOf()), catalog)),
  loads('wasm: a node that wants what it may', () =>
    withManifest(
      asNode(
        moduleOf({
          imports: [
            ['remotemedia', 'rm_enter'],
            [wasi, 'path_open'],
          ],
        }),
      ),
      catalog,
    ),
  ),
  loads('wasm: a custom section', () =>
    withManifest(asNode(moduleOf({ more: [0, 5, 4, ...Buffer.from('name')] })), catalog),
  ),
  loads('wasm: elsewhere it may want anything', () =>
    withManifest({
      name: 'models/net.wasm',
      content: moduleOf({ imports: [['env', 'f']], names: [], memory: null }),
    }),
  ),
  loads('wasm: the earlier system', () => withManifest({ name: 'runtime.wasm', content: bytes(...magic) })),

  wasm('text', 'invalid_wasm', () => Buffer.from('not wasm')),
  wasm('empty', 'invalid_wasm', () => bytes()),
  wasm('half of the magic number', 'invalid_wasm', () => bytes(...magic.slice(0, 3))),
  wasm('no version', 'invalid_wasm', () => bytes(...magic.slice(0, 4))),
  wasm('a component', 'invalid_wasm', () => bytes(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)),
  wasm('version 2', 'invalid_wasm', () => bytes(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0)),
  wasm('text format', 'invalid_wasm', () => Buffer.from('(module)')),
  wasm('cut off', 'invalid_wasm', () => moduleOf().slice(0, -3)),
  wasm('cut off between sections', 'invalid_wasm', () => moduleOf().slice(0, -6)),
  wasm('bytes at the end', 'invalid_wasm', () => bytes(...moduleOf(), 1)),
  wasm('unknown section', 'invalid_wasm', () => bytes(...magic, 99, 0)),
  wasm('section longer than the file', 'invalid_wasm', () => bytes(...magic, 1, 100, 0)),
  wasm('section longer than its content', 'invalid_wasm', () => bytes(...magic, 2, 2, 0, 0)),
  wasm('section twice', 'invalid_wasm', () => bytes(...magic, ...section(1, []), ...section(1, []))),
  wasm('sections in another order', 'invalid_wasm', () =>
    bytes(...magic, ...section(3, []), ...section(1, [])),
  ),
  wasm('length that does not end', 'invalid_wasm', () =>
    bytes(...magic, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  ),
  wasm('4 billion imports', 'invalid_wasm', () => bytes(...magic, 2, 5, 0xff, 0xff, 0xff, 0xff, 0x0f)),
  wasm('name that is no UTF-8', 'invalid_wasm', () => bytes(...magic, 0, 2, 1, 0xff)),
  wasm('function without body', 'invalid_wasm', () =>
    bytes(...magic, ...section(1, [[0x60, 0, 0]]), ...section(3, [[0]])),
  ),
  wasm('body that does not end', 'invalid_wasm', () => moduleOf({ body: [0] })),
  wasm('body of an unknown instruction', 'invalid_wasm', () => moduleOf({ body: [0, 0xff, 0x0b] })),
  wasm('body that leaves a value', 'invalid_wasm', () => moduleOf({ body: [0, 0x41, 0, 0x0b] })),
  wasm('export of a function that is not there', 'invalid_wasm', () =>
    bytes(...magic, ...section(7, [[...word('f'), 0, 0]])),
  ),
  wasm('two exports of one name', 'invalid_wasm', () => moduleOf({ names: [...exported, 'rm_free'] })),
  wasm('invalid in assets', 'invalid_wasm', () => bytes(...magic, 99, 0), 'assets/a.wasm'),
  wasm('invalid of the earlier system', 'invalid_wasm', () => Buffer.from('not wasm'), 'runtime.wasm'),

  wants('a function of the page', ['env', 'alert']),
  wants('to write files', [wasi, 'path_unlink_file']),
  wants('sockets', [wasi, 'sock_send']),
  wants('to sleep', [wasi, 'poll_oneoff']),
  wants('another version of WASI', ['wasi_unstable', 'fd_write']),
  wants('an unknown function of ours', ['remotemedia', 'rm_exit']),
  wants('our function under a longer name', ['remotemedia', 'rm_enter ']),
  wants('names that join to an allowed one', ['wasi_snapshot_preview1.fd', 'write']),
  wants('a module without name', ['', 'rm_enter']),
  wants('__proto__', ['__proto__', 'toString']),
  wasm('wants a memory', 'unexpected_import', () =>
    moduleOf({ imports: [['env', 'memory', [2, 0, 1]]], ownMemory: false }),
  ),
  wants('a table', ['remotemedia', 'rm_enter', [1, 0x70, 0, 1]]),
  wants('a global', ['remotemedia', 'rm_enter', [3, 0x7f, 0]]),
  wants('what it may, and more', ['remotemedia', 'rm_enter'], ['env', 'exec']),
  lacks('rm_segment_run'),
  lacks('_initialize'),
  lacks('rm_abi_version'),
  wasm('lacks its memory', 'missing_export', () => moduleOf({ memory: null })),
  wasm('exports a function called memory', 'missing_export', () => moduleOf({ memory: [0, 0] })),
  wasm('exports nothing', 'missing_export', () => bytes(...magic)),
  wasm('wants the wrong and lacks everything', 'unexpected_import', () =>
    moduleOf({ imports: [['env', 'f']], names: [], memory: null }),
  ),
];
