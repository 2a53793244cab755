/** Names that lead elsewhere, hide what they are, or are one name to some file system. */
import { type Case, loads, manifest, named, refused, withManifest } from './case.js';
import { crc32 } from './node-zlib.js';
import { extraField, zip } from './zip.js';

/** The extra field that says another name than the entry. */
function unicodePath(name: string, claimed: string): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt8(1, 0);
  head.writeUInt32LE(crc32(Buffer.from(name)), 1);
  return extraField(0x7075, Buffer.concat([head, Buffer.from(claimed)]));
}

const bad = (what: string, code: string, ...names: (string | Uint8Array)[]): Case =>
  refused(`name: ${what}`, code, () => withManifest(...names.map(named)));

const good = (what: string, ...names: string[]): Case =>
  loads(`name: ${what}`, () => withManifest(...names.map(named)));

export const names: readonly Case[] = [
  good('beyond ASCII', 'assets/größe 音.txt'),
  good('emoji', 'assets/👩‍👩‍👧.txt'),
  good('dots inside', 'assets/a..b', 'assets/...c', 'assets/.hidden'),
  good('percent signs are no escape', 'assets/%2e%2e%2fa'),
  good('dots that are none', 'assets/․․/a', 'assets/．．／a'),
  good('__proto__', '__proto__', 'constructor', 'assets/__proto__/toString'),
  good('similar, not the same', 'assets/a', 'assets/ä', 'assets/а', 'assets/b'),
  good('1,024 bytes', `assets/${'x'.repeat(1017)}`),
  loads('name: a Unicode path that agrees', () =>
    withManifest({ ...named('assets/ä'), extra: unicodePath('assets/ä', 'assets/ä') }),
  ),

  bad('backslash', 'bad_name', 'a\\b'),
  bad('backslash escape', 'bad_name', '..\\a'),
  bad('both kinds of slash', 'bad_name', 'assets/..\\..\\a'),
  bad('UNC', 'bad_name', '\\\\server\\share\\a'),
  bad('drive and backslash', 'bad_name', 'C:\\a'),
  bad('NUL', 'bad_name', 'a\0b'),
  bad('NUL at the end', 'bad_name', 'assets/a.txt\0'),
  bad('line feed', 'bad_name', 'a\nb'),
  bad('escape sequence', 'bad_name', 'assets/\u001b[2J'),
  bad('DEL', 'bad_name', 'a\u007f'),
  bad('C1', 'bad_name', 'a\u009b2J'),
  bad('right to left override', 'bad_name', 'assets/\u202etxt.exe'),
  bad('isolate', 'bad_name', 'assets/\u2066a'),
  bad('line separator', 'bad_name', 'assets/a\u2028b'),
  bad('byte order mark', 'bad_name', '\ufeffmanifest.json'),
  bad('no UTF-8', 'bad_name', Uint8Array.of(0x61, 0xff)),
  bad('overlong slash', 'bad_name', Uint8Array.of(0x2e, 0x2e, 0xc0, 0xaf, 0x61)),
  bad('overlong NUL', 'bad_name', Uint8Array.of(0x61, 0xc0, 0x80)),
  bad('half of a surrogate pair', 'bad_name', Uint8Array.of(0x61, 0xed, 0xa0, 0x80)),
  bad('CP437', 'bad_name', Buffer.from('gr\x94\xe1e', 'latin1')),
  bad('empty', 'bad_name', ''),
  bad('empty component', 'bad_name', 'a//b'),
  bad('empty component at the end', 'bad_name', 'a//'),
  bad('dot', 'bad_name', '.'),
  bad('dot component', 'bad_name', './a'),
  bad('dot component inside', 'bad_name', 'a/./b'),
  bad('dot at the end', 'bad_name', 'assets/manifest.json.'),
  bad('space at the end', 'bad_name', 'assets/a /b'),
  bad('dots and a space', 'bad_name', 'a/.. /b'),
  bad('second stream of a file', 'bad_name', 'assets/a.txt:hidden'),
  bad('drive inside', 'bad_name', 'a/C:/b'),
  bad('1,025 bytes', 'bad_name', `assets/${'x'.repeat(1018)}`),
  bad('64 KiB', 'bad_name', 'x'.repeat(0xffff)),
  refused('name: a Unicode path that disagrees', 'bad_name', () =>
    withManifest({ ...named('assets/a'), extra: unicodePath('assets/a', '../../evil') }),
  ),
  refused('name: a Unicode path in the local header', 'bad_name', () =>
    withManifest({ ...named('assets/a'), local: { extra: unicodePath('assets/a', '../../evil') } }),
  ),
  refused('name: a Unicode path cut off', 'bad_name', () =>
    withManifest({ ...named('assets/a'), extra: extraField(0x7075, Buffer.of(1, 2)) }),
  ),

  bad('absolute', 'absolute_path', '/etc/passwd'),
  bad('only a slash', 'absolute_path', '/'),
  bad('two slashes', 'absolute_path', '//server/share'),
  bad('drive letter', 'absolute_path', 'C:/a'),
  bad('relative to a drive', 'absolute_path', 'c:a'),
  bad('escape', 'path_escape', '../a'),
  bad('escape from far inside', 'path_escape', 'assets/../../../../../../etc/passwd'),
  bad('escape in the middle', 'path_escape', 'a/../../b'),
  bad('escape that stays inside', 'path_escape', 'assets/../b'),
  bad('escape at the end', 'path_escape', 'a/..'),
  bad('escape of a folder', 'path_escape', 'a/../'),
  bad('only an escape', 'path_escape', '..'),

  bad('twice', 'duplicate_name', 'a', 'a'),
  bad('twice, not side by side', 'duplicate_name', 'a', 'b', 'a'),
  refused('name: two manifests', 'duplicate_name', () => withManifest(manifest)),
  refused('name: two manifests with other content', 'duplicate_name', () =>
    withManifest({ ...manifest, content: '{}' }),
  ),
  bad('another case', 'duplicate_name', 'a', 'A'),
  bad('a manifest of another case', 'duplicate_name', 'Manifest.JSON'),
  bad('another composition', 'duplicate_name', '\u00e9', 'e\u0301'),
  bad('another order of marks', 'duplicate_name', 'a\u0323\u0307', 'a\u0307\u0323'),
  bad('another composition and case', 'duplicate_name', '\u00c9', 'e\u0301'),
  bad('sharp s', 'duplicate_name', 'straße', 'strasse'),
  bad('capital sharp s', 'duplicate_name', 'straße', 'straẞe'),
  bad('dotless i', 'duplicate_name', 'fıle', 'file'),
  bad('kelvin sign', 'duplicate_name', '\u212a', 'k'),
  bad('long s', 'duplicate_name', 'a\u017f', 'as'),
  bad('final sigma', 'duplicate_name', 'ΟΔΟΣ', 'οδος'),
  bad('ligature', 'duplicate_name', 'o\ufb03ce', 'office'),
  bad('file and folder', 'duplicate_name', 'a', 'a/b'),
  bad('folder and file of another case', 'duplicate_name', 'A/b/c', 'a/B'),
  refused('name: file and empty folder', 'duplicate_name', () =>
    withManifest(named('a'), { name: 'a/', content: '', stored: true }),
  ),
  refused('name: manifest in a folder', 'missing_manifest', () =>
    zip([{ ...manifest, name: 'x/manifest.json' }]),
  ),
  refused('name: manifest in capitals', 'missing_manifest', () =>
    zip([{ ...manifest, name: 'MANIFEST.JSON' }]),
  ),
];
