/**
 * Files for modules of bundles, as WASI preview 1 has them: `models/` and `assets/` of the bundle below `/bundle`.
 *
 * There is no function that changes anything, and what is opened to be written is refused. Nothing is copied but what is
 * read. Numbers of errors are those that wasmtime gives, so that a node fails with the same words everywhere.
 */
import type { WasiFunction } from './wasi.js';

const ok = 0;
const badFileDescriptor = 8;
const invalid = 28;
const isDirectory = 31;
const tooManyOpen = 33;
const noEntry = 44;
const notDirectory = 54;
const notPermitted = 63;

const characterDevice = 2;
const directory = 3;
const regularFile = 4;

const create = 1;
const onlyDirectory = 2;
const exclusive = 4;
const truncate = 8;
/** Rights to write: `fd_write`, `fd_allocate`, `fd_filestat_set_size`. */
const writing = (1n << 6n) | (1n << 8n) | (1n << 22n);
const everyRight = (1n << 29n) - 1n;

const firstPreopened = 3;
/** More open files are a leak. */
const mostOpen = 1024;

type Folder = Map<string, Entry>;
type Entry = Folder | Uint8Array;

/** Something open. `path` is that of a preopened folder. */
interface Open {
  readonly entry: Entry;
  readonly path?: string;
  at: number;
}

/** Where bytes go: pairs of address and length at `parts`. */
interface Parts {
  readonly parts: number;
  readonly count: number;
}

const isFolder = (entry: Entry): entry is Folder => entry instanceof Map;

/** Files by name, such as `models/net.bin`, as folders. */
function treeOf(files: ReadonlyMap<string, Uint8Array>): Folder {
  const root: Folder = new Map();
  for (const [name, content] of files) {
    if (!/^(models|assets)\//.test(name)) continue;
    const folders = name.split('/');
    const last = folders.pop() ?? '';
    let here = root;
    for (const folder of folders) {
      const next = here.get(folder) ?? new Map<string, Entry>();
      here.set(folder, next);
      if (isFolder(next)) here = next;
    }
    here.set(last, content);
  }
  return root;
}

/** WASI functions for reading the files of a bundle. `memory` is asked for anew at every use. */
export function fileFunctions(
  files: ReadonlyMap<string, Uint8Array>,
  memory: () => ArrayBuffer,
): Record<string, WasiFunction> {
  return new Files(files, memory).functions();
}

class Files {
  private readonly open = new Map<number, Open>();
  private readonly memory: () => ArrayBuffer;

  constructor(files: ReadonlyMap<string, Uint8Array>, memory: () => ArrayBuffer) {
    this.memory = memory;
    for (const [name, entry] of treeOf(files)) {
      this.open.set(firstPreopened + this.open.size, { entry, path: `/bundle/${name}`, at: 0 });
    }
  }

  functions(): Record<string, WasiFunction> {
    return {
      fd_prestat_get: (fd: number, at: number) => this.preopened(fd, at),
      fd_prestat_dir_name: (fd: number, at: number, length: number) => this.preopenedName(fd, at, length),
      fd_fdstat_get: (fd: number, at: number) => this.status(fd, at),
      fd_fdstat_set_flags: (fd: number) => (this.open.has(fd) ? ok : badFileDescriptor),
      fd_filestat_get: (fd: number, at: number) => this.aboutOpen(fd, at),
      path_filestat_get: (fd: number, _flags: number, path: number, length: number, at: number) =>
        this.about(this.find(fd, path, length), at),
      path_open: (
        fd: number,
        _follow: number,
        path: number,
        length: number,
        how: number,
        rights: bigint,
        _inheriting: bigint,
        _flags: number,
        at: number,
      ) => this.openPath(this.find(fd, path, length), how, rights, at),
      fd_close: (fd: number) => (this.open.delete(fd) ? ok : badFileDescriptor),
      fd_read: (fd: number, parts: number, count: number, at: number) => {
        const opened = this.open.get(fd);
        if (!opened) return badFileDescriptor;
        return this.read(opened.entry, { parts, count }, opened.at, at, (length) => {
          opened.at += length;
        });
      },
      fd_pread: (fd: number, parts: number, count: number, from: bigint, at: number) => {
        const opened = this.open.get(fd);
        if (!opened) return badFileDescriptor;
        // Negative ones would count from the end.
        return from < 0n ? invalid : this.read(opened.entry, { parts, count }, Number(from), at);
      },
      fd_seek: (fd: number, by: bigint, from: number, at: number) => this.seek(fd, by, from, at),
      fd_tell: (fd: number, at: number) => this.seek(fd, 0n, 1, at),
      fd_readdir: (fd: number, at: number, length: number, cookie: bigint, usedAt: number) =>
        this.list(fd, new Uint8Array(this.memory(), at, length), Number(cookie), usedAt),
    };
  }

  private view(): DataView<ArrayBuffer> {
    return new DataView(this.memory());
  }

  private preopened(fd: number, at: number): number {
    const path = this.open.get(fd)?.path;
    if (path === undefined) return badFileDescriptor;
    this.view().setUint32(at, 0, true);
    this.view().setUint32(at + 4, path.length, true);
    return ok;
  }

  private preopenedName(fd: number, at: number, length: number): number {
    const path = this.open.get(fd)?.path;
    if (path === undefined) return badFileDescriptor;
    if (length < path.length) return invalid;
    new TextEncoder().encodeInto(path, new Uint8Array(this.memory(), at, path.length));
    return ok;
  }

  private status(fd: number, at: number): number {
    const opened = this.open.get(fd);
    if (!opened && (fd < 0 || fd >= firstPreopened)) return badFileDescriptor;
    const view = this.view();
    view.setUint32(at, opened ? typeOf(opened.entry) : characterDevice, true);
    view.setUint32(at + 4, 0, true);
    view.setBigUint64(at + 8, everyRight, true);
    view.setBigUint64(at + 16, everyRight, true);
    return ok;
  }

  private aboutOpen(fd: number, at: number): number {
    const opened = this.open.get(fd);
    return opened ? this.about(opened.entry, at) : badFileDescriptor;
  }

  private about(entry: Entry | number, at: number): number {
    if (typeof entry === 'number') return entry;
    new Uint8Array(this.memory(), at, 64).fill(0);
    const view = this.view();
    view.setUint8(at + 16, typeOf(entry));
    view.setBigUint64(at + 24, 1n, true);
    view.setBigUint64(at + 32, BigInt(isFolder(entry) ? 0 : entry.length), true);
    return ok;
  }

  /** What lies at a path below an open folder, or the number of an error. */
  private find(fd: number, at: number, length: number): Entry | number {
    const opened = this.open.get(fd);
    if (!opened) return badFileDescriptor;
    if (!isFolder(opened.entry)) return notDirectory;
    const path = new TextDecoder().decode(new Uint8Array(this.memory(), at, length));
    if (path === '') return noEntry;
    return path.startsWith('/') ? notPermitted : walk(opened.entry, path.split('/'));
  }

  private openPath(entry: Entry | number, how: number, rights: bigint, at: number): number {
    // Also for a file that does not exist: it cannot be made.
    if (how & (create | truncate | exclusive)) return notPermitted;
    if (typeof entry === 'number') return entry;
    if (how & onlyDirectory && !isFolder(entry)) return notDirectory;
    if (!isFolder(entry) && rights & writing) return notPermitted;
    if (isFolder(entry) && rights & writing && !(how & onlyDirectory)) return isDirectory;
    if (this.open.size >= mostOpen) return tooManyOpen;
    let fd = firstPreopened;
    while (this.open.has(fd)) fd++;
    this.open.set(fd, { entry, at: 0 });
    this.view().setUint32(at, fd, true);
    return ok;
  }

  /** Reads what there is, from `from` on; `done` is told how much. */
  private read(
    entry: Entry,
    { parts, count }: Parts,
    from: number,
    at: number,
    done?: (length: number) => void,
  ): number {
    if (isFolder(entry)) return badFileDescriptor;
    const view = this.view();
    let length = 0;
    for (let part = parts; part < parts + 8 * count; part += 8) {
      const room = new Uint8Array(view.buffer, view.getUint32(part, true), view.getUint32(part + 4, true));
      const bytes = entry.subarray(from + length, from + length + room.length);
      room.set(bytes);
      length += bytes.length;
    }
    view.setUint32(at, length, true);
    done?.(length);
    return ok;
  }

  private seek(fd: number, by: bigint, from: number, at: number): number {
    const opened = this.open.get(fd);
    if (!opened) return badFileDescriptor;
    if (isFolder(opened.entry)) return badFileDescriptor;
    const starts = [0, opened.at, opened.entry.length];
    const start = starts[from];
    const place = start === undefined ? -1 : start + Number(by);
    if (place < 0 || !Number.isSafeInteger(place)) return invalid;
    opened.at = place;
    this.view().setBigUint64(at, BigInt(place), true);
    return ok;
  }

  /** Writes entries from the `cookie`-th on until there is no more room, the last one cut off. */
  private list(fd: number, room: Uint8Array<ArrayBuffer>, cookie: number, usedAt: number): number {
    const opened = this.open.get(fd);
    if (!opened) return badFileDescriptor;
    if (!isFolder(opened.entry)) return notDirectory;
    const entries: [string, number][] = [...opened.entry].map(([name, entry]) => [name, typeOf(entry)]);
    entries.unshift(['.', directory], ['..', directory]);
    let used = 0;
    for (const [index, [name, type]] of entries.entries()) {
      if (index < cookie || used === room.length) continue;
      const record = directoryEntry(index + 1, name, type).subarray(0, room.length - used);
      room.set(record, used);
      used += record.length;
    }
    this.view().setUint32(usedAt, used, true);
    return ok;
  }
}

function typeOf(entry: Entry): number {
  return isFolder(entry) ? directory : regularFile;
}

/** Goes along a path, never above where it starts. */
function walk(start: Folder, steps: readonly string[]): Entry | number {
  const above: Entry[] = [];
  let here: Entry = start;
  for (const [index, step] of steps.entries()) {
    if (!isFolder(here)) return notDirectory;
    if (step === '..') {
      const parent = above.pop();
      if (!parent) return notPermitted;
      here = parent;
    } else if (step !== '.' && step !== '') {
      const next: Entry | undefined = here.get(step);
      if (!next) return noEntry;
      above.push(here);
      here = next;
    } else if (index > 0 && !isFolder(here)) return notDirectory;
  }
  return here;
}

/** A `dirent`: cookie of the next, inode, length of the name, type, then the name. */
function directoryEntry(next: number, name: string, type: number): Uint8Array {
  const text = new TextEncoder().encode(name);
  const bytes = new Uint8Array(24 + text.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(next), true);
  view.setUint32(16, text.length, true);
  view.setUint8(20, type);
  bytes.set(text, 24);
  return bytes;
}
