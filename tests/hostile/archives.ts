/** Archives that are none, lie about where things are, or hide something. */
import { type Case, endingIn, loads, manifest, named, refused, text, withManifest } from './case.js';
import { deflateRawSync } from './node-zlib.js';
import { descriptor, endRecord, extraField, records, zip } from './zip.js';

const words = 'hello hello hello hello';
const central = Buffer.from('PK\x01\x02');
const streamed = { flags: 8, local: { crc: 0, size: 0, compressedSize: 0 } };

/** A bundle with bytes before or after it, which its offsets do not know of. */
function around(before: string, after: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([Buffer.from(before), withManifest(text), Buffer.from(after)]));
}

/** A whole bundle in the comment of another. */
function inComment(): Uint8Array<ArrayBuffer> {
  const outer = withManifest(text);
  const inner = records({ ...manifest, content: '{}' }, outer.length);
  const size = inner.central.length;
  const end = endRecord({ count: 1, size, offset: outer.length + inner.local.length });
  return endingIn({ comment: Buffer.concat([inner.local, inner.central, end]) }, text);
}

/** An entry whose data are those of the directory: the local header's longer extra field moves them. */
function intoDirectory(): Uint8Array<ArrayBuffer> {
  const bytes = withManifest({ ...text, stored: true });
  const at = Buffer.from(bytes).lastIndexOf(central);
  const local = Buffer.from(bytes).lastIndexOf(Buffer.from('PK\x03\x04'), at);
  new DataView(bytes.buffer).setUint16(local + 28, 20, true);
  return bytes;
}

function insideAnother(): Uint8Array<ArrayBuffer> {
  const inner = zip([text]);
  const outer = { name: 'outer', content: inner.slice(0, Buffer.from(inner).indexOf(central)), stored: true };
  const start = zip([{ ...manifest, only: 'local' }]).length - 22;
  return withManifest(outer, { ...text, only: 'central', offset: start + 30 + outer.name.length });
}

export const archives: readonly Case[] = [
  loads('only a manifest', () => zip([manifest])),
  loads('stored entries', () =>
    zip([
      { ...manifest, stored: true },
      { ...text, stored: true },
    ]),
  ),
  loads('a folder', () => withManifest({ name: 'assets/', content: '', stored: true }, text)),
  loads('a deflated folder', () => withManifest({ name: 'assets/', content: '' }, text)),
  loads('a comment', () => endingIn({ comment: 'made by hand' })),
  loads('an empty file', () => withManifest({ name: 'empty', content: '' })),
  loads('a descriptor', () => withManifest({ ...text, ...streamed, after: descriptor(words) })),
  loads('a descriptor without signature', () =>
    withManifest({ ...text, ...streamed, after: descriptor(words, { signed: false }) }),
  ),
  loads('extra fields', () =>
    withManifest({
      ...text,
      extra: extraField(0x5455, Buffer.alloc(5)),
      local: { extra: extraField(0x5455, Buffer.alloc(9)) },
    }),
  ),
  loads('entries in another order than the directory', () => {
    const first = records(text, 0);
    const second = records(manifest, first.local.length);
    const directory = Buffer.concat([second.central, first.central]);
    const offset = first.local.length + second.local.length;
    const end = endRecord({ count: 2, size: directory.length, offset });
    return new Uint8Array(Buffer.concat([first.local, second.local, directory, end]));
  }),

  refused('empty', 'not_a_zip', () => new Uint8Array(0)),
  refused(
    'text',
    'not_a_zip',
    () => new Uint8Array(Buffer.from('this is no ZIP file, whatever its name says')),
  ),
  refused('a gzip file', 'not_a_zip', () => Uint8Array.of(0x1f, 0x8b, 8, ...new Uint8Array(40))),
  refused('end cut off', 'not_a_zip', () => withManifest(text).slice(0, -1)),
  refused('half', 'not_a_zip', () => withManifest(text).slice(0, 100)),
  refused('bytes after the end', 'not_a_zip', () => around('', 'x')),
  refused('comment cut off', 'not_a_zip', () => endingIn({ comment: 'made by hand' }).slice(0, -4)),
  refused('bytes before the start', 'bad_zip', () => around('#!/bin/sh', '')),
  refused('bytes before the start that offsets know of', 'bad_zip', () =>
    endingIn({ prefix: Buffer.from('#!/bin/sh\n') }),
  ),
  refused('bytes before the directory', 'bad_zip', () => endingIn({ gap: Buffer.from('hidden') })),
  refused('bytes before the end record', 'bad_zip', () => endingIn({ beforeEnd: Buffer.from('hidden') })),
  refused('bytes between entries', 'bad_zip', () =>
    withManifest({ ...text, after: Buffer.from('hidden') }, named('b')),
  ),
  refused('a hidden entry', 'bad_zip', () => withManifest({ ...text, only: 'local' }, named('b'))),
  refused('two ends', 'bad_zip', () => {
    const inner = endRecord({ count: 1, size: 46, offset: 0 });
    return endingIn({ comment: inner });
  }),
  refused('a bundle in the comment', 'bad_zip', inComment),
  refused('directory elsewhere', 'bad_zip', () => endingIn({ offset: 3 })),
  refused('directory beyond the end', 'bad_zip', () => endingIn({ offset: 0xfffffff0 })),
  refused('directory of another size', 'bad_zip', () => endingIn({ size: 10 })),
  refused('more entries than there are', 'bad_zip', () => endingIn({ count: 2 })),
  refused('fewer entries than there are', 'bad_zip', () => endingIn({ count: 1 }, text)),
  refused('several parts', 'bad_zip', () => endingIn({ disk: 1 })),
  refused('ZIP64 size', 'bad_zip', () => withManifest({ ...text, size: 0xffffffff })),
  refused('ZIP64 compressed size', 'bad_zip', () => withManifest({ ...text, compressedSize: 0xffffffff })),
  refused('a folder with content', 'bad_zip', () => withManifest({ ...text, name: 'assets/' })),
  refused('a folder with stored content', 'bad_zip', () =>
    withManifest({ ...text, name: 'assets/', stored: true }),
  ),
  refused('a damaged record of the directory', 'bad_zip', () => {
    const broken = withManifest(text);
    broken[Buffer.from(broken).lastIndexOf(central)] = 0;
    return broken;
  }),

  refused('local name differs', 'bad_zip', () =>
    withManifest({ ...text, local: { name: 'assets/evil.txt' } }),
  ),
  refused('local name differs in length', 'bad_zip', () => withManifest({ ...text, local: { name: 'a' } })),
  refused('local size differs', 'bad_zip', () => withManifest({ ...text, local: { size: 1 } })),
  refused('local compressed size differs', 'bad_zip', () =>
    withManifest({ ...text, local: { compressedSize: 1 } }),
  ),
  refused('local CRC differs', 'bad_zip', () => withManifest({ ...text, local: { crc: 1 } })),
  refused('local method differs', 'bad_zip', () => withManifest({ ...text, local: { method: 0 } })),
  refused('local flags differ', 'bad_zip', () => withManifest({ ...text, local: { flags: 0x800 } })),
  refused('local sizes are 0 without a descriptor', 'bad_zip', () =>
    withManifest({ ...text, local: { size: 0, compressedSize: 0 } }),
  ),
  refused('no local header', 'bad_zip', () => withManifest({ ...text, only: 'central', offset: 5 })),
  refused('local header beyond the end', 'bad_zip', () => withManifest({ ...text, offset: 0x7fffffff })),
  refused('no descriptor', 'bad_zip', () => withManifest({ ...text, ...streamed })),
  refused('a descriptor with another size', 'bad_zip', () =>
    withManifest({ ...text, ...streamed, after: descriptor(words, { size: 5 }) }),
  ),
  refused('a descriptor with another compressed size', 'bad_zip', () =>
    withManifest({ ...text, ...streamed, after: descriptor(words, { compressedSize: 5 }) }),
  ),
  refused('a descriptor with another CRC', 'bad_zip', () =>
    withManifest({ ...text, ...streamed, after: descriptor(words, { crc: 5, signed: false }) }),
  ),
  refused('bytes after a descriptor', 'bad_zip', () =>
    withManifest({ ...text, ...streamed, after: Buffer.concat([descriptor(words), Buffer.of(0)]) }),
  ),

  refused('an entry inside another', 'overlap', insideAnother),
  refused('data run into the directory', 'overlap', intoDirectory),
  refused('a compressed size beyond the end', 'overlap', () =>
    withManifest({ ...text, compressedSize: 5000, size: 5000 }),
  ),

  refused('symlink', 'symlink', () => withManifest({ ...text, mode: 0o120777 })),
  refused('symlink made on a Mac', 'symlink', () => withManifest({ ...text, mode: 0o120777, system: 19 })),
  refused('device', 'symlink', () => withManifest({ ...text, mode: 0o020666 })),
  refused('pipe', 'symlink', () => withManifest({ ...text, mode: 0o010666 })),
  refused('encrypted', 'encrypted', () => withManifest({ ...text, flags: 1 })),
  refused('strongly encrypted', 'encrypted', () => withManifest({ ...text, flags: 0x41 })),
  refused('an encrypted directory', 'encrypted', () => withManifest({ ...text, flags: 0x2000 })),
  refused('bzip2', 'unsupported_method', () => withManifest({ ...text, method: 12 })),
  refused('Zstandard', 'unsupported_method', () => withManifest({ ...text, method: 93 })),
  refused('Deflate64', 'unsupported_method', () => withManifest({ ...text, method: 9 })),

  refused('inflates to more', 'size_mismatch', () => withManifest({ ...text, size: 5 })),
  refused('inflates to less', 'size_mismatch', () => withManifest({ ...text, size: 500 })),
  refused('inflates to one byte more', 'size_mismatch', () =>
    withManifest({ ...text, size: words.length - 1 }),
  ),
  refused('inflates to something, not nothing', 'size_mismatch', () =>
    withManifest({ ...text, size: 0, crc: 0 }),
  ),
  refused('stored with two sizes', 'size_mismatch', () => withManifest({ ...text, stored: true, size: 5 })),
  refused('corrupt deflate', 'corrupt_data', () =>
    withManifest({ ...text, raw: Uint8Array.of(7, 255, 255, 255) }),
  ),
  refused('deflate cut off', 'corrupt_data', () =>
    withManifest({ ...text, raw: deflateRawSync(words).subarray(0, 4) }),
  ),
  refused('no deflate at all', 'corrupt_data', () => withManifest({ ...text, raw: new Uint8Array(0) })),
  refused('zlib instead of deflate', 'corrupt_data', () =>
    withManifest({ ...text, raw: Buffer.concat([Buffer.of(0x78, 0x9c), deflateRawSync(words)]) }),
  ),
  refused('bytes after deflate', 'corrupt_data', () =>
    withManifest({ ...text, raw: Buffer.concat([deflateRawSync(words), Buffer.of(1)]) }),
  ),
  refused('another deflate stream after the first', 'corrupt_data', () =>
    withManifest({ ...text, raw: Buffer.concat([deflateRawSync(words), deflateRawSync(words)]) }),
  ),
  refused('wrong CRC', 'crc_mismatch', () => withManifest({ ...text, crc: 1 })),
  refused('wrong CRC of a stored entry', 'crc_mismatch', () =>
    withManifest({ ...text, stored: true, crc: 1 }),
  ),
  refused('wrong CRC of a folder', 'crc_mismatch', () =>
    withManifest({ name: 'assets/', content: '', stored: true, crc: 1 }),
  ),
];
