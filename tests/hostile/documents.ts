/** JSON documents of a bundle that are none, or ask for what there is not. */
import {
  bytes,
  type Case,
  hashOf,
  integrity,
  json,
  loads,
  manifest,
  manifestOf,
  pipeline,
  refused,
  text,
  withManifest,
} from './case.js';
import { zip } from './zip.js';

const saying = (content: string | Uint8Array) => zip([{ name: 'manifest.json', content }]);
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const withField = (field: string): string => `${JSON.stringify(pipeline).slice(0, -1)},${field}}`;
const wants = (what: string, code: string, runtime: unknown): Case =>
  refused(`manifest: ${what}`, code, () => zip([manifestOf(runtime)]));
const reaches = (...network: unknown[]) => ({ capabilities: { network } });
const origin = (text_: unknown): Case =>
  refused(`origin: ${JSON.stringify(text_)?.slice(0, 60)}`, 'bad_capability', () =>
    zip([manifestOf(reaches(text_))]),
  );
const lists = (entries: unknown, algorithm: unknown = 'sha256') =>
  withManifest(text, json('integrity.json', { algorithm, entries }));
const hashes = {
  'manifest.json': hashOf(String(manifest.content)),
  'assets/text.txt': hashOf(String(text.content)),
};

export const documents: readonly Case[] = [
  loads('manifest: older min_version', () =>
    zip([manifestOf({ target: 'wasm32-wasi', min_version: '0.0.9' })]),
  ),
  loads('manifest: part of a version', () => zip([manifestOf({ min_version: '0' })])),
  loads('manifest: wasm32-wasip1', () => zip([manifestOf({ target: 'wasm32-wasip1' })])),
  loads('manifest: fields of other types are for validation', () =>
    zip([manifestOf({ target: 3, min_version: [] })]),
  ),
  loads('manifest: runtime of another type is for validation', () => zip([manifestOf('rust')])),
  loads('manifest: 400 levels', () => saying(withField(`"metadata":${deep(399)}`))),
  loads('manifest: 400 levels of objects and lists', () =>
    saying(withField(`"metadata":${'[{"a":'.repeat(199)}[]${'}]'.repeat(199)}`)),
  ),
  refused('manifest: 401 levels of objects and lists', 'bad_json', () =>
    saying(withField(`"metadata":${'[{"a":'.repeat(199)}[[]]${'}]'.repeat(199)}`)),
  ),
  loads('manifest: brackets in a text are no levels', () => saying(withField(`"a":"${'[\\"'.repeat(500)}"`))),
  loads('manifest: __proto__', () =>
    saying(withField('"__proto__":{"runtime":{"target":"x"}},"constructor":{"prototype":1}')),
  ),
  loads('manifest: the last of two keys counts', () =>
    saying(withField('"runtime":{"target":"x"},"runtime":{"target":"wasm32-wasi"}')),
  ),
  loads('manifest: the largest number', () => saying(withField('"a":1.7976931348623157e308'))),
  loads('metadata that is no JSON', () => withManifest({ name: 'metadata.json', content: '{' })),
  loads('metadata that is a list', () => withManifest(json('metadata.json', []))),

  refused('no manifest', 'missing_manifest', () => zip([text])),
  refused('no entries', 'missing_manifest', () => zip([])),
  refused('a folder called manifest.json', 'missing_manifest', () =>
    zip([{ name: 'manifest.json/', content: '', stored: true }]),
  ),
  refused('manifest: empty', 'bad_json', () => saying('')),
  refused('manifest: cut off', 'bad_json', () => saying('{"version":')),
  refused('manifest: list', 'bad_json', () => saying('[]')),
  refused('manifest: null', 'bad_json', () => saying('null')),
  refused('manifest: text', 'bad_json', () => saying('"v1"')),
  refused('manifest: no UTF-8', 'bad_json', () => saying(bytes(0x22, 0xff, 0x22))),
  refused('manifest: UTF-16', 'bad_json', () => saying(Buffer.from(JSON.stringify(pipeline), 'utf16le'))),
  refused('manifest: byte order mark', 'bad_json', () => saying(`\ufeff${JSON.stringify(pipeline)}`)),
  refused('manifest: comma at the end', 'bad_json', () => saying(withField('"a":[1,]'))),
  refused('manifest: comment', 'bad_json', () => saying(withField('"a":1 /* one */'))),
  refused('manifest: NaN', 'bad_json', () => saying(withField('"a":NaN'))),
  refused('manifest: infinity', 'bad_json', () => saying(withField('"a":-Infinity'))),
  refused('manifest: number beyond a double', 'bad_json', () => saying(withField('"a":1e999'))),
  refused('manifest: integer of 400 digits', 'bad_json', () => saying(withField(`"a":${'9'.repeat(400)}`))),
  refused('manifest: integer of 100,000 digits', 'bad_json', () =>
    saying(withField(`"a":${'9'.repeat(1e5)}`)),
  ),
  refused('manifest: line feed in a text', 'bad_json', () => saying(withField('"a":"\n"'))),
  refused('manifest: two documents', 'bad_json', () => saying('{}{}')),
  refused('manifest: 401 levels', 'bad_json', () => saying(withField(`"metadata":${deep(400)}`))),
  refused('manifest: 100,000 levels', 'bad_json', () => saying(withField(`"a":${deep(1e5)}`))),
  refused('manifest: 500,000 open brackets', 'bad_json', () =>
    zip([{ name: 'manifest.json', content: '['.repeat(5e5), stored: true }]),
  ),
  refused('manifest: 100,000 nested objects', 'bad_json', () => saying('{"a":'.repeat(1e5))),
  refused('manifest: a text that does not end', 'bad_json', () =>
    zip([{ name: 'manifest.json', content: `{"a":"${'\\"'.repeat(5e5)}`, stored: true }]),
  ),
  refused('manifest: more than 1 MiB', 'bad_json', () =>
    zip([{ name: 'manifest.json', content: withField(`"a":[${'{},'.repeat(4e5)}{}]`), stored: true }]),
  ),

  refused('integrity: no JSON', 'bad_json', () => withManifest({ name: 'integrity.json', content: 'x' })),
  refused('integrity: another algorithm', 'bad_json', () => lists(hashes, 'md5')),
  refused('integrity: no entries', 'bad_json', () =>
    withManifest(json('integrity.json', { algorithm: 'sha256' })),
  ),
  refused('integrity: a list of entries', 'bad_json', () => lists(Object.entries(hashes))),
  refused('integrity: tampered file', 'hash_mismatch', () =>
    withManifest(text, integrity(manifest, { ...text, content: 'other' })),
  ),
  refused('integrity: tampered manifest', 'hash_mismatch', () =>
    zip([manifestOf({}), text, integrity(manifest, text)]),
  ),
  refused('integrity: hashes swapped', 'hash_mismatch', () =>
    lists({ 'manifest.json': hashes['assets/text.txt'], 'assets/text.txt': hashes['manifest.json'] }),
  ),
  refused('integrity: hash in capitals', 'hash_mismatch', () =>
    lists({ ...hashes, 'assets/text.txt': hashes['assets/text.txt'].toUpperCase() }),
  ),
  refused('integrity: hash cut off', 'hash_mismatch', () =>
    lists({ ...hashes, 'assets/text.txt': hashes['assets/text.txt'].slice(0, 32) }),
  ),
  refused('integrity: hash is null', 'hash_mismatch', () => lists({ ...hashes, 'assets/text.txt': null })),
  refused('integrity: of another bundle', 'unlisted_entry', () =>
    withManifest(text, integrity({ name: 'a', content: '' }, { name: 'b', content: '' })),
  ),
  refused('integrity: empty', 'unlisted_entry', () => lists({})),
  refused('integrity: unlisted file', 'unlisted_entry', () => withManifest(text, integrity(manifest))),
  refused('integrity: unlisted in another case', 'unlisted_entry', () =>
    withManifest(text, integrity(manifest, { ...text, name: 'assets/Text.txt' })),
  ),
  refused('integrity: unlisted catalog', 'unlisted_entry', () =>
    withManifest(integrity(manifest), json('catalog.json', { version: 1, places: {} })),
  ),
  refused('integrity: __proto__ is no list', 'unlisted_entry', () =>
    withManifest(text, {
      name: 'integrity.json',
      content: `{"algorithm":"sha256","entries":{"__proto__":${JSON.stringify(hashes)}}}`,
    }),
  ),
  refused('integrity: missing file', 'missing_entry', () => withManifest(integrity(manifest, text))),
  refused('integrity: missing __proto__', 'missing_entry', () =>
    withManifest({
      name: 'integrity.json',
      content: `{"algorithm":"sha256","entries":{"manifest.json":"${hashes['manifest.json']}","__proto__":""}}`,
    }),
  ),
  refused('integrity: lists itself', 'missing_entry', () => lists({ ...hashes, 'integrity.json': '' })),

  wants('another target', 'wrong_target', { target: 'x86_64-linux' }),
  wants('another wasm target', 'wrong_target', { target: 'wasm32-wasip2' }),
  wants('empty target', 'wrong_target', { target: '' }),
  wants('newer major version', 'newer_version', { min_version: '99.0.0' }),
  wants('newer patch version', 'newer_version', { min_version: '0.1.1' }),
  wants('version with many digits', 'newer_version', { min_version: '0.100000000000000000000.0' }),
  wants('no version', 'newer_version', { min_version: 'latest' }),
  wants('version with four parts', 'newer_version', { min_version: '0.1.0.0' }),
  wants('version in other digits', 'newer_version', { min_version: '０.1' }),
  wants('version and a line feed', 'newer_version', { min_version: '0.1.0\n' }),
  wants('capabilities and target', 'bad_capability', { capabilities: [], target: 'x' }),
  wants('target and version', 'wrong_target', { min_version: '99', target: 'x' }),

  loads('origins', () =>
    zip([
      manifestOf(
        reaches(
          'https://api.example.com',
          'https://a:8443',
          'http://localhost:8080',
          'http://127.0.0.1',
          'https://10.0.0.255:65535',
        ),
      ),
    ]),
  ),
  loads('no capabilities', () => zip([manifestOf({ capabilities: {} })])),
  wants('capabilities: null', 'bad_capability', { capabilities: null }),
  wants('capabilities: list', 'bad_capability', { capabilities: ['network'] }),
  wants('capabilities: files', 'bad_capability', { capabilities: { files: ['/'] } }),
  wants('capabilities: network of one text', 'bad_capability', { capabilities: { network: 'https://a' } }),
  wants('capabilities: everything', 'bad_capability', { capabilities: { network: true } }),
  refused('capabilities: __proto__', 'bad_capability', () =>
    saying(withField('"runtime":{"capabilities":{"__proto__":{"network":["https://a"]}}}')),
  ),
  ...[
    '*',
    'https://*',
    'https://*.example.com',
    'https://a;script-src *',
    "https://a 'unsafe-eval'",
    'https://a,https://b',
    'https://a/',
    'https://a/path',
    'https://a?query',
    'https://a#fragment',
    'https://user@a',
    'https://user:password@a',
    'https://A',
    'HTTPS://a',
    'http://a',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
    'http://127.0.0.2',
    'ws://localhost',
    'wss://a',
    'data:',
    'blob:https://a',
    'file:///etc/passwd',
    "'self'",
    'https:',
    'https://',
    'a',
    '',
    'https://a\n',
    ' https://a',
    'https://a\\b',
    'https://a..b',
    'https://.a',
    'https://a.',
    'https://-a',
    'https://a-',
    'https://a_b',
    'https://ä.example.com',
    'https://[::1]',
    'https://2130706433',
    'https://0x7f000001',
    'https://127.1',
    'https://127.0.0.256',
    'https://127.0.0.01',
    'https://a:0',
    'https://a:65536',
    'https://a:080',
    'https://a:',
    'https://a:+1',
    `https://${'a.'.repeat(127)}a`,
    null,
    1,
    {},
    ['https://a'],
  ].map(origin),
];
