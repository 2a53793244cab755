/** ArrayBuffers that went back and forth, to be used again: fresh memory costs several times a copy. */

const maxKept = 16;
const maxKeptBytes = 32 * 2 ** 20;
const page = 4096;

/** A small store of ArrayBuffers. */
export class BufferPool {
  private readonly free: ArrayBuffer[] = [];
  private bytes = 0;

  /** A buffer of at least this many bytes, its content arbitrary. */
  take(bytes: number): ArrayBuffer {
    const found = this.free.findIndex(
      ({ byteLength }) => byteLength >= bytes && byteLength <= 4 * bytes + page,
    );
    const [buffer] = found < 0 ? [] : this.free.splice(found, 1);
    if (!buffer) return new ArrayBuffer(Math.ceil(bytes / page) * page);
    this.bytes -= buffer.byteLength;
    return buffer;
  }

  /** Takes a buffer that nobody looks at any more. */
  give(buffer: ArrayBuffer): void {
    if (this.free.length >= maxKept || this.bytes + buffer.byteLength > maxKeptBytes) return;
    this.free.push(buffer);
    this.bytes += buffer.byteLength;
  }

  /** Gives away all but `keep` buffers. */
  surplus(keep: number): ArrayBuffer[] {
    const given = this.free.splice(0, Math.max(0, this.free.length - keep));
    for (const buffer of given) this.bytes -= buffer.byteLength;
    return given;
  }
}
