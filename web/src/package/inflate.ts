/**
 * Inflates (RFC 1951) in pieces, in 96 KiB of memory and no more: what browsers give out in pieces of their own lies about until it is
 * collected, which can be a hundred megabytes. Slower than theirs, and as strict as zlib.
 */

/** The data are not what deflate gives. */
export class CorruptError extends Error {}

const windowBytes = 2 ** 15;
const flushBytes = 2 ** 16;
const longest = 258;
const fastBits = 10;
const mostBits = 15;
const lengthBase = Uint16Array.of(
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131],
  ...[163, 195, 227, 258],
);
const lengthExtra = Uint8Array.from(lengthBase, (_, code) => (code < 8 || code === 28 ? 0 : (code - 4) >> 2));
const distanceExtra = Uint8Array.from({ length: 30 }, (_, code) => (code < 2 ? 0 : (code - 2) >> 1));
const distanceBase = new Uint16Array(30);
for (let code = 0, base = 1; code < 30; code++) {
  distanceBase[code] = base;
  base += 2 ** (distanceExtra[code] as number);
}
const codeOrder = Uint8Array.of(16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15);

/** A Huffman code. */
class Code {
  /** By the next bits: symbol and length of short codes, 0 for longer ones and for none. */
  readonly fast = new Uint16Array(2 ** fastBits);
  readonly counts = new Uint16Array(mostBits + 1);
  /** In the order of their codes. */
  readonly symbols = new Uint16Array(288);
  private readonly next = new Uint16Array(mostBits + 2);

  /** Makes it the code of these lengths; throws what zlib refuses. */
  set(lengths: Uint8Array, isComplete: boolean): void {
    const { fast, counts, symbols, next } = this;
    fast.fill(0);
    counts.fill(0);
    for (const length of lengths) counts[length] = (counts[length] as number) + 1;
    const used = lengths.length - (counts[0] as number);
    counts[0] = 0;
    let left = 1;
    for (let length = 1; length <= mostBits; length++) {
      left = 2 * left - (counts[length] as number);
      if (left < 0) throw new CorruptError('more codes than there can be');
      next[length + 1] = (next[length] as number) + (counts[length] as number);
    }
    // Nothing at all, or one code of one bit, is what encoders write for no distance and for one.
    const isShort = used === 0 || (used === 1 && counts[1] === 1);
    if (left > 0 && (isComplete || !isShort)) throw new CorruptError('fewer codes than there must be');
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol] as number;
      if (length === 0) continue;
      symbols[next[length] as number] = symbol;
      next[length] = (next[length] as number) + 1;
    }
    next.fill(0);
    this.fillFast();
  }

  private fillFast(): void {
    let code = 0;
    let index = 0;
    for (let length = 1; length <= fastBits; length++, code <<= 1) {
      for (let count = this.counts[length] as number; count > 0; count--, code++, index++) {
        const entry = ((this.symbols[index] as number) << 4) | length;
        let bits = 0;
        for (let bit = 0; bit < length; bit++) bits |= ((code >> bit) & 1) << (length - 1 - bit);
        for (; bits < 2 ** fastBits; bits += 2 ** length) this.fast[bits] = entry;
      }
    }
  }
}

/** The content of `data` in pieces of about 64 KiB, each valid until the next is asked for. Throws CorruptError. */
export function inflate(data: Uint8Array): Iterable<Uint8Array> {
  return new Inflater(data).run();
}

class Inflater {
  private readonly out = new Uint8Array(windowBytes + flushBytes + longest);
  private readonly literals = new Code();
  private readonly distances = new Code();
  private readonly lengths = new Uint8Array(320);
  /** What is in the window already, then what was not given yet. */
  private flushed = 0;
  private end = 0;
  private at = 0;
  private bits = 0;
  private count = 0;

  constructor(private readonly data: Uint8Array) {}

  *run(): Generator<Uint8Array> {
    for (let isLast = false; !isLast; ) {
      isLast = this.read(1) === 1;
      const kind = this.read(2);
      if (kind === 0) yield* this.copyStored();
      else if (kind === 1) this.setFixed();
      else if (kind === 2) this.setDynamic();
      else throw new CorruptError('a block of an unknown kind');
      if (kind !== 0) yield* this.copyCoded();
    }
    yield this.out.subarray(this.flushed, this.end);
    this.checkEnd();
    if (this.at - (this.count >> 3) !== this.data.length) throw new CorruptError('bytes after its end');
  }

  /** At least 16 bits, zeros after the end, which `checkEnd` notices. */
  private fill(): void {
    while (this.count <= 16) {
      this.bits |= (this.data[this.at++] ?? 0) << this.count;
      this.count += 8;
    }
  }

  private checkEnd(): void {
    if (8 * this.at - this.count > 8 * this.data.length) throw new CorruptError('it ends early');
  }

  private read(count: number): number {
    this.fill();
    const value = this.bits & ((1 << count) - 1);
    this.bits >>>= count;
    this.count -= count;
    this.checkEnd();
    return value;
  }

  private symbol(code: Code): number {
    this.fill();
    const entry = code.fast[this.bits & (2 ** fastBits - 1)] as number;
    if (entry === 0) return this.longSymbol(code);
    this.bits >>>= entry & 15;
    this.count -= entry & 15;
    return entry >> 4;
  }

  private longSymbol({ counts, symbols }: Code): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= mostBits; length++) {
      code |= (this.bits >>> (length - 1)) & 1;
      const count = counts[length] as number;
      if (code - first < count) {
        this.bits >>>= length;
        this.count -= length;
        return symbols[index + code - first] as number;
      }
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new CorruptError('no such code');
  }

  private *copyStored(): Generator<Uint8Array> {
    this.read(this.count & 7);
    const length = this.read(16);
    if (this.read(16) !== (~length & 0xffff)) throw new CorruptError('a stored block of two lengths');
    // Whole bytes that were read too far.
    this.at -= this.count >> 3;
    this.bits = 0;
    this.count = 0;
    if (this.at + length > this.data.length) throw new CorruptError('it ends early');
    for (const stop = this.at + length; this.at < stop; ) {
      const piece = this.data.subarray(this.at, Math.min(stop, this.at + flushBytes));
      if (this.end + piece.length > this.out.length) yield* this.makeRoom();
      this.out.set(piece, this.end);
      this.end += piece.length;
      this.at += piece.length;
    }
  }

  private setFixed(): void {
    const { lengths } = this;
    lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288);
    this.literals.set(lengths.subarray(0, 288), true);
    this.distances.set(lengths.fill(5, 288, 320).subarray(288, 320), true);
  }

  private setDynamic(): void {
    const literals = this.read(5) + 257;
    const distances = this.read(5) + 1;
    const codes = this.read(4) + 4;
    if (literals > 286 || distances > 30) throw new CorruptError('too many codes');
    const { lengths } = this;
    lengths.fill(0);
    for (const symbol of codeOrder.subarray(0, codes)) lengths[symbol] = this.read(3);
    this.literals.set(lengths.subarray(0, 19), true);
    lengths.fill(0);
    this.readLengths(literals + distances);
    if (lengths[256] === 0) throw new CorruptError('a block that cannot end');
    this.distances.set(lengths.subarray(literals, literals + distances), false);
    this.literals.set(lengths.subarray(0, literals), false);
  }

  private readLengths(total: number): void {
    for (let index = 0; index < total; ) {
      const symbol = this.symbol(this.literals);
      this.checkEnd();
      if (symbol < 16) {
        this.lengths[index++] = symbol;
        continue;
      }
      if (symbol === 16 && index === 0) throw new CorruptError('nothing to repeat');
      const repeated = symbol === 16 ? (this.lengths[index - 1] as number) : 0;
      const times = symbol === 16 ? 3 + this.read(2) : symbol === 17 ? 3 + this.read(3) : 11 + this.read(7);
      if (index + times > total) throw new CorruptError('more lengths than codes');
      this.lengths.fill(repeated, index, index + times);
      index += times;
    }
  }

  private *copyCoded(): Generator<Uint8Array> {
    for (;;) {
      const symbol = this.symbol(this.literals);
      if (this.at > this.data.length) this.checkEnd();
      if (symbol === 256) return;
      if (this.end + longest > this.out.length) yield* this.makeRoom();
      if (symbol < 256) this.out[this.end++] = symbol;
      else this.copyBack(symbol - 257);
    }
  }

  private copyBack(code: number): void {
    if (code > 28) throw new CorruptError('no such length');
    const length = (lengthBase[code] as number) + this.read(lengthExtra[code] as number);
    const distanceCode = this.symbol(this.distances);
    if (distanceCode > 29) throw new CorruptError('no such distance');
    const distance =
      (distanceBase[distanceCode] as number) + this.read(distanceExtra[distanceCode] as number);
    if (distance > this.end) throw new CorruptError('a distance beyond the start');
    const { out } = this;
    for (const stop = this.end + length; this.end < stop; this.end++) {
      out[this.end] = out[this.end - distance] as number;
    }
  }

  private *makeRoom(): Generator<Uint8Array> {
    yield this.out.subarray(this.flushed, this.end);
    this.out.copyWithin(0, this.end - windowBytes, this.end);
    this.end = windowBytes;
    this.flushed = windowBytes;
  }
}
