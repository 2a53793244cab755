/** Bundles that must be refused, each with the code of its refusal (docs/bundles.md), and some that must load. */
import { deflateRawSync } from './node-zlib.js';
import { type Entry, integrity, zip } from './zip.js';

/** A bundle and what must become of it; null: it loads. */
export interface Case {
  readonly name: string;
  readonly code: string | null;
  readonly bytes: () => Uint8Array<ArrayBuffer>;
}

const pipeline = { version: 'v1', nodes: [{ id: 'a', node_type: 'PassThroughNode' }] };
const manifest: Entry = { name: 'manifest.json', content: JSON.stringify(pipeline) };
const text: Entry = { name: 'assets/text.txt', content: 'hello hello hello hello' };
const wasm: Entry = { name: 'modules/a.wasm', content: Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0) };

const named = (name: string | Uint8Array): Entry => ({ ...text, name });
const withManifest = (...entries: Entry[]) => zip([manifest, ...entries]);
const manifestOf = (runtime: unknown): Entry => ({
  name: 'manifest.json',
  content: JSON.stringify({ ...pipeline, runtime }),
});

function refused(name: string, code: string, bytes: () => Uint8Array<ArrayBuffer>): Case {
  return { name, code, bytes };
}

function loads(name: string, bytes: () => Uint8Array<ArrayBuffer>): Case {
  return { name, code: null, bytes };
}

export const cases: readonly Case[] = [
  loads('only a manifest', () => zip([manifest])),
  loads('stored entries', () =>
    zip([
      { ...manifest, stored: true },
      { ...text, stored: true },
    ]),
  ),
  loads('with integrity', () => withManifest(text, integrity([manifest, text]))),
  loads('a folder', () => withManifest({ name: 'assets/', content: '', stored: true }, text)),
  loads('a deflated folder', () => withManifest({ name: 'assets/', content: '' }, text)),
  loads('a comment', () => zip([manifest], { comment: 'made by hand' })),
  loads('an empty file', () => withManifest({ name: 'empty', content: '' })),
  loads('names beyond ASCII', () => withManifest(named('assets/größe 音.txt'))),
  loads('older min_version', () => zip([manifestOf({ target: 'wasm32-wasi', min_version: '0.0.9' })])),
  loads('a bad metadata.json', () => withManifest({ name: 'metadata.json', content: '{' })),
  loads('the earlier system', () => withManifest({ ...wasm, name: 'runtime.wasm' })),

  refused('empty', 'not_a_zip', () => new Uint8Array(0)),
  refused(
    'text',
    'not_a_zip',
    () => new Uint8Array(Buffer.from('this is no ZIP file, whatever its name says')),
  ),
  refused('end cut off', 'not_a_zip', () => withManifest(text).slice(0, -1)),
  refused('half', 'not_a_zip', () => withManifest(text).slice(0, 100)),
  refused('bytes after the end', 'not_a_zip', () => {
    const bytes = withManifest(text);
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    return longer;
  }),
  refused('bytes before the start', 'bad_zip', () => {
    const bytes = withManifest(text);
    const longer = new Uint8Array(bytes.length + 7);
    longer.set(bytes, 7);
    return longer;
  }),
  refused('directory elsewhere', 'bad_zip', () => zip([manifest], { offset: 3 })),
  refused('directory beyond the end', 'bad_zip', () => zip([manifest], { offset: 0xfffffff0 })),
  refused('directory of another size', 'bad_zip', () => zip([manifest], { size: 10 })),
  refused('more entries than there are', 'bad_zip', () => zip([manifest], { count: 2 })),
  refused('fewer entries than there are', 'bad_zip', () => zip([manifest, text], { count: 1 })),
  refused('several parts', 'bad_zip', () => zip([manifest], { disk: 1 })),
  refused('ZIP64 size', 'bad_zip', () => withManifest({ ...text, size: 0xffffffff })),
  refused('a folder with content', 'bad_zip', () => withManifest(named('assets/'))),
  refused('a folder with stored content', 'bad_zip', () =>
    withManifest({ ...named('assets/'), stored: true }, integrity([manifest])),
  ),
  refused('local name differs', 'bad_zip', () => withManifest({ ...text, localName: 'assets/other.txt' })),
  refused('local size differs', 'bad_zip', () => withManifest({ ...text, localSize: 1 })),
  refused('no local header', 'bad_zip', () => withManifest({ ...text, only: 'central', offset: 5 })),
  refused('local header beyond the end', 'bad_zip', () => withManifest({ ...text, offset: 0x7fffffff })),

  refused('too many entries', 'too_many_entries', () =>
    withManifest(
      ...Array.from({ length: 4096 }, (_, index) => ({ name: `f${index}`, content: '', stored: true })),
    ),
  ),
  refused('a bomb by ratio', 'bomb', () => withManifest({ name: 'zeros', content: new Uint8Array(2 ** 21) })),
  refused('a bomb by claim', 'bomb', () =>
    withManifest({ ...text, size: 0x7fffffff, localSize: 0x7fffffff }),
  ),
  refused('a bomb of many', 'bomb', () =>
    withManifest(
      ...Array.from({ length: 600 }, (_, index) => ({ ...text, name: `f${index}`, size: 2 ** 20 })),
    ),
  ),

  refused('backslash', 'bad_name', () => withManifest(named('a\\b'))),
  refused('NUL', 'bad_name', () => withManifest(named('a\0b'))),
  refused('line feed', 'bad_name', () => withManifest(named('a\nb'))),
  refused('no UTF-8', 'bad_name', () => withManifest(named(Uint8Array.of(0x61, 0xff)))),
  refused('empty name', 'bad_name', () => withManifest(named(''))),
  refused('empty component', 'bad_name', () => withManifest(named('a//b'))),
  refused('dot component', 'bad_name', () => withManifest(named('./a'))),
  refused('absolute', 'absolute_path', () => withManifest(named('/etc/passwd'))),
  refused('drive letter', 'absolute_path', () => withManifest(named('C:/a'))),
  refused('escape', 'path_escape', () => withManifest(named('../a'))),
  refused('escape in the middle', 'path_escape', () => withManifest(named('a/../../b'))),
  refused('escape at the end', 'path_escape', () => withManifest(named('a/..'))),
  refused('same name twice', 'duplicate_name', () => withManifest(text, text)),
  refused('two manifests', 'duplicate_name', () => withManifest(manifest)),
  refused('names that differ in case', 'duplicate_name', () => withManifest(named('a'), named('A'))),
  refused('names that differ in composition', 'duplicate_name', () => withManifest(named('é'), named('é'))),
  refused('file and folder', 'duplicate_name', () => withManifest(named('a'), { name: 'a/', stored: true })),
  refused('symlink', 'symlink', () => withManifest({ ...text, mode: 0o120777 })),
  refused('device', 'symlink', () => withManifest({ ...text, mode: 0o020666 })),
  refused('encrypted', 'encrypted', () => withManifest({ ...text, flags: 1 })),
  refused('strongly encrypted', 'encrypted', () => withManifest({ ...text, flags: 0x41 })),
  refused('another method', 'unsupported_method', () => withManifest({ ...text, method: 12 })),

  refused('an entry inside another', 'overlap', () => {
    const inner = zip([text]);
    const local = inner.slice(0, Buffer.from(inner).indexOf(Buffer.from('PK\x01\x02')));
    const outer = { name: 'outer', content: local, stored: true };
    const start = zip([{ ...manifest, only: 'local' }]).length - 22;
    return withManifest(outer, { ...text, only: 'central', offset: start + 30 + outer.name.length });
  }),
  refused('data run into the directory', 'overlap', () => {
    const bytes = withManifest({ ...text, stored: true });
    const at = Buffer.from(bytes).lastIndexOf(Buffer.from('PK\x01\x02'));
    // A longer extra field in the local header moves the data behind their place.
    const local = Buffer.from(bytes).lastIndexOf(Buffer.from('PK\x03\x04'), at);
    new DataView(bytes.buffer).setUint16(local + 28, 20, true);
    return bytes;
  }),
  refused('inflates to more', 'size_mismatch', () => withManifest({ ...text, size: 5, localSize: 5 })),
  refused('inflates to less', 'size_mismatch', () => withManifest({ ...text, size: 500, localSize: 500 })),
  refused('stored with two sizes', 'size_mismatch', () => withManifest({ ...text, stored: true, size: 5 })),
  refused('corrupt deflate', 'corrupt_data', () =>
    withManifest({ ...text, raw: Uint8Array.of(7, 255, 255, 255) }),
  ),
  refused('deflate cut off', 'corrupt_data', () =>
    withManifest({ ...text, raw: deflateRawSync(Buffer.from('hello hello hello hello')).subarray(0, 4) }),
  ),
  refused('bytes after deflate', 'corrupt_data', () =>
    withManifest({ ...text, raw: Buffer.concat([deflateRawSync('hello hello hello hello'), Buffer.of(1)]) }),
  ),
  refused('wrong CRC', 'crc_mismatch', () => withManifest({ ...text, crc: 1 })),
  refused('wrong CRC of a stored entry', 'crc_mismatch', () =>
    withManifest({ ...text, stored: true, crc: 1 }),
  ),

  refused('no manifest', 'missing_manifest', () => zip([text])),
  refused('no entries', 'missing_manifest', () => zip([])),
  refused('manifest in a folder', 'missing_manifest', () => zip([{ ...manifest, name: 'x/manifest.json' }])),
  refused('manifest is no JSON', 'bad_json', () => zip([{ name: 'manifest.json', content: '{"version":' }])),
  refused('manifest is a list', 'bad_json', () => zip([{ name: 'manifest.json', content: '[]' }])),
  refused('manifest is no UTF-8', 'bad_json', () =>
    zip([{ name: 'manifest.json', content: Uint8Array.of(0x22, 0xff, 0x22) }]),
  ),
  refused('integrity is no JSON', 'bad_json', () => withManifest({ name: 'integrity.json', content: 'x' })),
  refused('integrity of another kind', 'bad_json', () =>
    withManifest({ name: 'integrity.json', content: '{"algorithm":"md5","entries":{}}' }),
  ),
  refused('tampered file', 'hash_mismatch', () =>
    withManifest(text, integrity([manifest, { ...text, content: 'other' }])),
  ),
  refused('unlisted file', 'unlisted_entry', () => withManifest(text, integrity([manifest]))),
  refused('missing file', 'missing_entry', () => withManifest(integrity([manifest, text]))),
  refused('a module that is none', 'invalid_wasm', () => withManifest({ ...wasm, content: 'not wasm' })),
  refused('a module cut off', 'invalid_wasm', () =>
    withManifest({ ...wasm, content: Uint8Array.of(0, 0x61, 0x73) }),
  ),
  refused('another target', 'wrong_target', () => zip([manifestOf({ target: 'x86_64-linux' })])),
  refused('newer version', 'newer_version', () =>
    zip([manifestOf({ target: 'wasm32-wasi', min_version: '99.0.0' })]),
  ),
];
