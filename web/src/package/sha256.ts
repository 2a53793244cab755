/** SHA-256 (FIPS 180-4) for what comes in pieces, and for pages that are not secure, where browsers have no WebCrypto. */

const constants = fractions(64, 3);
const initial = fractions(8, 2);

/** 32 bits of the fractions of the `degree`-th roots of the first primes. */
function fractions(count: number, degree: number): Int32Array {
  const found: number[] = [];
  const primes: number[] = [];
  for (let candidate = 2; found.length < count; candidate++) {
    if (primes.some((prime) => candidate % prime === 0)) continue;
    primes.push(candidate);
    found.push((candidate ** (1 / degree) % 1) * 2 ** 32);
  }
  return Int32Array.from(found, (fraction) => fraction | 0);
}

/** Takes a message in pieces. */
export class Sha256 {
  private readonly state = initial.slice();
  private readonly rest = new Uint8Array(64);
  private length = 0;

  update(piece: Uint8Array): void {
    const kept = this.length % 64;
    this.length += piece.length;
    let at = 0;
    if (kept > 0) {
      at = Math.min(64 - kept, piece.length);
      this.rest.set(piece.subarray(0, at), kept);
      if (kept + at < 64) return;
      compress(this.state, viewOf(this.rest), 0);
    }
    const view = viewOf(piece);
    for (; at + 64 <= piece.length; at += 64) compress(this.state, view, at);
    this.rest.set(piece.subarray(at));
  }

  /** The hash, 32 bytes; nothing can follow. */
  digest(): Uint8Array<ArrayBuffer> {
    // The rest, a one bit, zeros, and the length in bits.
    const kept = this.length % 64;
    const end = new Uint8Array(kept < 56 ? 64 : 128);
    end.set(this.rest.subarray(0, kept));
    end[kept] = 0x80;
    const view = viewOf(end);
    view.setBigUint64(end.length - 8, BigInt(this.length) * 8n);
    for (let at = 0; at < end.length; at += 64) compress(this.state, view, at);
    const digest = new DataView(new ArrayBuffer(32));
    this.state.forEach((word, index) => {
      digest.setInt32(4 * index, word);
    });
    return new Uint8Array(digest.buffer);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The hash of a whole message, 32 bytes. */
export function sha256Bytes(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const hash = new Sha256();
  hash.update(message);
  return hash.digest();
}

const schedule = new Int32Array(64);

function compress(state: Int32Array, block: DataView, at: number): void {
  for (let t = 0; t < 16; t++) schedule[t] = block.getInt32(at + 4 * t);
  for (let t = 16; t < 64; t++) {
    const x = schedule[t - 15] as number;
    const y = schedule[t - 2] as number;
    const small = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const large = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    schedule[t] = ((schedule[t - 16] as number) + small + (schedule[t - 7] as number) + large) | 0;
  }
  // Written out: it runs for every 64 bytes, and destructuring takes longer than all the rest.
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let t = 0; t < 64; t++) {
    const sum = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = (h + sum + ((e & f) ^ (~e & g)) + (constants[t] as number) + (schedule[t] as number)) | 0;
    const second = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
  state[5] = (state[5] as number) + f;
  state[6] = (state[6] as number) + g;
  state[7] = (state[7] as number) + h;
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
