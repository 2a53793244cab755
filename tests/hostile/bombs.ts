/** Bundles that would take much memory or time. */
import { type Case, integrity, loads, manifest, refused, text, withManifest } from './case.js';
import { crc32, deflateRawSync } from './node-zlib.js';
import { type Entry, endRecord, records, zip } from './zip.js';

const mebibyte = 2 ** 20;

function zeros(size: number): Uint8Array {
  return new Uint8Array(size);
}

function many(count: number, entry: (index: number) => Entry): Entry[] {
  return Array.from({ length: count }, (_, index) => entry(index));
}

/** Entries with one deflate stream, each of which quotes the header of the next: D. Fifield, A better zip bomb, 2019. */
function quoted(count: number, kernel: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = Buffer.from(kernel);
  let inner: Entry = { name: `f${count}`, content: whole };
  let block = records(inner, 0).local;
  const entries: { entry: Entry; length: number }[] = [{ entry: inner, length: block.length }];
  for (let index = count - 1; index > 0; index--) {
    const header = block.subarray(0, 30 + String(inner.name).length);
    const quote = Buffer.alloc(5);
    quote.writeUInt16LE(header.length, 1);
    quote.writeUInt16LE(~header.length & 0xffff, 3);
    const content = Buffer.concat([...quotesOf(entries, block), whole]);
    inner = { name: `f${index}`, content, raw: Buffer.concat([quote, block]) };
    block = records(inner, 0).local;
    entries.unshift({ entry: inner, length: block.length });
  }
  const first = records(manifest, 0);
  const centrals = entries.map(
    ({ entry, length }) => records(entry, first.local.length + block.length - length).central,
  );
  const directory = Buffer.concat([first.central, ...centrals]);
  const offset = first.local.length + block.length;
  const end = endRecord({ count: count + 1, size: directory.length, offset });
  return new Uint8Array(Buffer.concat([first.local, block, directory, end]));
}

/** The headers that stand in the block, one after the other, as an entry before them inflates to. */
function quotesOf(entries: readonly { entry: Entry; length: number }[], block: Buffer): Buffer[] {
  return entries.map(({ entry, length }) => {
    const start = block.length - length;
    return block.subarray(start, start + 30 + String(entry.name).length);
  });
}

/** A ZIP of a million empty files; ZIP64 tells their number. */
function million(): Uint8Array<ArrayBuffer> {
  const count = 1_000_000;
  const { local, central } = records({ name: 'f000000', content: '', stored: true }, 0);
  const bytes = Buffer.alloc(count * (local.length + central.length) + 98);
  for (let index = 0; index < count; index++) {
    const name = index.toString(16).padStart(6, '0');
    const at = index * local.length;
    local.copy(bytes, at);
    bytes.write(name, at + 31, 'latin1');
    const entry = count * local.length + index * central.length;
    central.copy(bytes, entry);
    bytes.write(name, entry + 47, 'latin1');
    bytes.writeUInt32LE(at, entry + 42);
  }
  const at = bytes.length - 98;
  bytes.write('PK\x06\x06', at, 'latin1');
  bytes.writeBigUInt64LE(44n, at + 4);
  bytes.writeBigUInt64LE(BigInt(count), at + 24);
  bytes.writeBigUInt64LE(BigInt(count), at + 32);
  bytes.write('PK\x06\x07', at + 56, 'latin1');
  bytes.writeBigUInt64LE(BigInt(at), at + 64);
  endRecord({ count: 0xffff, size: 0xffffffff, offset: 0xffffffff }).copy(bytes, at + 76);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The directory of a million files, and an end that says another number. */
function millionSaid(count: number): Uint8Array<ArrayBuffer> {
  const { central } = records({ name: 'manifest.json', content: '', stored: true }, 0);
  const directory = Buffer.alloc(1_000_000 * central.length, central);
  const end = endRecord({ count, size: directory.length, offset: 0 });
  return new Uint8Array(Buffer.concat([directory, end]));
}

const nested = (levels: number): Uint8Array<ArrayBuffer> => {
  let bytes = zip([manifest]);
  for (let level = 0; level < levels; level++)
    bytes = withManifest({ name: 'assets/bundle.rmpkg', content: bytes });
  return bytes;
};

/** 96 MiB that are no bomb by their ratio, 140; made once. */
function large(change: Partial<Entry> = {}): Entry {
  largeEntry ??= packed(96 * mebibyte, 600_000);
  return { ...largeEntry, ...change };
}

let largeEntry: (Entry & { readonly raw: Uint8Array }) | undefined;

/** Zeros with noise in their middle. */
function packed(size: number, noisy: number): Entry & { readonly raw: Uint8Array } {
  const content = zeros(size);
  content.set(noise(noisy), size / 2);
  return { name: 'models/large', raw: deflateRawSync(content), size, crc: crc32(content) };
}

function largeData(): Uint8Array {
  return large().raw ?? new Uint8Array();
}

export const bombs: readonly Case[] = [
  loads('a bomb in assets is not opened', () =>
    withManifest({
      name: 'assets/bomb.zip',
      content: zip(many(100, (index) => ({ name: `f${index}`, content: zeros(mebibyte) }))),
      stored: true,
    }),
  ),
  loads('bundles in bundles are not opened', () => nested(30)),
  loads('exactly 1 MiB of zeros', () =>
    withManifest({ name: 'zeros', content: zeros(mebibyte - 1000) }, { name: 'noise', content: noise(8000) }),
  ),

  loads('large', () => withManifest(large())),
  loads('large in several entries', () => {
    const content = noise(40 * mebibyte);
    const entries = many(2, (index) => ({
      name: `f${index}`,
      content: content.subarray(index),
      stored: true,
    }));
    return withManifest(...entries, integrity(manifest, ...entries));
  }),
  refused('large, and its CRC is wrong', 'crc_mismatch', () => withManifest(large({ crc: 1 }))),
  refused('large in many entries, and the CRC of the last is wrong', 'crc_mismatch', () => {
    const entry = packed(8 * mebibyte, 60_000);
    const entries = many(12, (index) => ({ ...entry, name: `f${index}` }));
    return withManifest(...entries, { ...entry, name: 'last', crc: 1 });
  }),
  refused('almost large, and its CRC is wrong', 'crc_mismatch', () =>
    withManifest({ ...packed(15 * mebibyte, 100_000), crc: 1 }),
  ),
  refused('large, and inflates to more', 'size_mismatch', () => withManifest(large({ size: 95 * mebibyte }))),
  refused('large, and inflates to less', 'size_mismatch', () => withManifest(large({ size: 97 * mebibyte }))),
  refused('large, and cut off', 'corrupt_data', () => {
    return withManifest(large({ raw: largeData().subarray(0, -10) }));
  }),
  refused('large, and bytes follow', 'corrupt_data', () => {
    return withManifest(large({ raw: Buffer.concat([largeData(), Buffer.from('more')]) }));
  }),
  refused('large, and its hash is another', 'hash_mismatch', () =>
    withManifest(large(), integrity(manifest, large())),
  ),
  refused('large and stored, and its hash is another', 'hash_mismatch', () => {
    const entry = { name: 'assets/noise', content: noise(40 * mebibyte), stored: true };
    return withManifest(entry, integrity(manifest, { ...entry, content: '' }));
  }),
  refused('large, and another fault comes later', 'missing_catalog', () =>
    withManifest(large(), { ...text, name: 'nodes/a.py' }),
  ),
  refused('large manifest', 'bad_json', () => zip([large({ name: 'manifest.json' })])),
  refused('large metadata and no catalog', 'missing_catalog', () =>
    withManifest(large({ name: 'metadata.json' }), { ...text, name: 'nodes/a.py' }),
  ),
  refused('large module', 'invalid_wasm', () => withManifest(large({ name: 'assets/a.wasm' }))),
  refused('large wheel', 'bad_wheel', () => withManifest(large({ name: 'wheels/a-1-py3-none-any.whl' }))),

  refused('bomb by ratio', 'bomb', () => withManifest({ name: 'zeros', content: zeros(2 * mebibyte) })),
  refused('bomb by ratio, 32 MiB', 'bomb', () =>
    withManifest({ name: 'zeros', content: zeros(32 * mebibyte) }),
  ),
  refused('bomb of many small entries', 'bomb', () =>
    withManifest(...many(100, (index) => ({ name: `f${index}`, content: zeros(mebibyte) }))),
  ),
  refused('bomb by claim', 'bomb', () => withManifest({ ...text, size: 0x7fffffff })),
  refused('bomb by the largest claim', 'bomb', () => withManifest({ ...text, size: 0xfffffffe })),
  refused('bomb by the sum of claims', 'bomb', () =>
    withManifest(...many(600, (index) => ({ ...text, name: `f${index}`, size: mebibyte }))),
  ),
  refused(
    'bomb by the sum of stored entries',
    'bomb',
    () => withManifest(...many(3, (index) => ({ name: `f${index}`, content: noise(1000), stored: true }))),
    { limits: { inflatedBytes: 2500 } },
  ),
  refused('bomb of entries that quote one another', 'overlap', () => quoted(50, zeros(1000))),
  refused('large bomb of entries that quote one another', 'bomb', () => quoted(100, zeros(mebibyte))),
  refused('a bomb that says it is small', 'size_mismatch', () =>
    withManifest({ name: 'zeros', content: '0123456789', raw: deflateRawSync(zeros(128 * mebibyte)) }),
  ),
  refused('a bomb that says 1 MiB', 'size_mismatch', () =>
    withManifest({ name: 'zeros', content: zeros(mebibyte), raw: deflateRawSync(zeros(64 * mebibyte)) }),
  ),
  refused('large claims behind incompressible data', 'size_mismatch', () =>
    withManifest({ name: 'noise', content: 'x', raw: deflateRawSync(noise(mebibyte)), size: 190 * mebibyte }),
  ),

  refused('4,097 entries', 'too_many_entries', () =>
    withManifest(...many(4096, (index) => ({ name: `f${index}`, content: '', stored: true }))),
  ),
  refused('more entries than the host allows', 'too_many_entries', () => withManifest(text), {
    limits: { entries: 1 },
  }),
  refused('more bytes than the host allows', 'too_large', () => withManifest(text), {
    limits: { fileBytes: 100 },
  }),
  refused(
    'a ratio that the host does not allow',
    'bomb',
    () =>
      withManifest(
        { name: 'zeros', content: zeros(mebibyte + 1) },
        { name: 'noise', content: noise(60_000) },
      ),
    {
      limits: { ratio: 10 },
    },
  ),
  refused('65,535 entries', 'too_many_entries', () => zip([manifest], { count: 0xffff }), {
    limits: { entries: 100_000 },
  }),
  refused('a million entries', 'too_many_entries', million),
  refused('a million entries, the count wraps', 'too_many_entries', () => millionSaid(1_000_000 & 0xffff)),
  refused('a million entries that say they are one', 'bad_zip', () => millionSaid(1)),
];

/** Bytes that do not compress, always the same. */
function noise(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = 1;
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[index] = state >>> 16;
  }
  return bytes;
}
