/** Parts of a ZIP that few archives have: extra fields and data descriptors. */
import { refuse } from '../package-refusal.js';
import { type Entry, sameBytes } from '../zip-directory.js';

const unicodePath = 0x7075;
const descriptorSignature = 0x08074b50;

/** Refuses a second name, which other programs would show and use instead. */
export function checkExtra(fields: Uint8Array, entry: Entry): void {
  const view = viewOf(fields);
  for (let at = 0; at + 4 <= fields.length; ) {
    const next = at + 4 + view.getUint16(at + 2, true);
    // Its kind, length, version and the CRC-32 of the other name stand before the name.
    const isName = view.getUint16(at, true) === unicodePath;
    if (isName && !sameBytes(fields.subarray(at + 9, next), entry.rawName)) {
      refuse('bad_name', 'the entry has two names', entry.name);
    }
    at = next;
  }
}

/** The length of the data descriptor that `rest` begins with, with its signature or without. */
export function descriptorSize(rest: Uint8Array, entry: Entry): number {
  const view = viewOf(rest);
  const wanted = [entry.crc, entry.compressedSize, entry.size];
  for (const size of [16, 12]) {
    if (size > rest.length) continue;
    const isSigned = size === 12 || view.getUint32(0, true) === descriptorSignature;
    if (isSigned && wanted.every((field, index) => view.getUint32(size - 12 + 4 * index, true) === field)) {
      return size;
    }
  }
  return refuse('bad_zip', 'the data descriptor disagrees with the central directory', entry.name);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
