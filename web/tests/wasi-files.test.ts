/** What a module of a bundle is told when it calls WASI in ways in which Rust's library does not. Numbers are WASI's. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { WasiFunction } from '../src/engine/wasi.js';
import { fileFunctions } from '../src/engine/wasi-files.js';

const [ok, badf, inval, isdir, mfile, noent, notdir, perm] = [0, 8, 28, 31, 33, 44, 54, 63];
const [assets, models] = [3, 4];
/** Where texts, results and buffers lie. */
const [text, result, parts, room] = [0, 64, 128, 256];
const directory = 2;
const regularRights = 1n << 1n;
const writing = 1n << 6n;

let memory: ArrayBuffer;
let wasi: Record<string, WasiFunction>;

beforeEach(() => {
  memory = new ArrayBuffer(4096);
  const files = new Map([
    ['assets/words/table.txt', new TextEncoder().encode('one two three')],
    ['assets/empty', new Uint8Array(0)],
    ['models/net.bin', Uint8Array.of(1, 2, 3, 4, 5, 6, 7)],
    // Modules see none of these.
    ['nodes/secret.py', Uint8Array.of(0)],
    ['manifest.json', Uint8Array.of(0)],
  ]);
  wasi = fileFunctions(files, () => memory);
});

const view = () => new DataView(memory);
const u32 = (at = result) => view().getUint32(at, true);
const u64 = (at = result) => view().getBigUint64(at, true);

function call(name: string, ...values: (number | bigint)[]): number {
  const run = wasi[name];
  if (!run) throw new Error(`there is no ${name}`);
  return run(...(values as never[])) as unknown as number;
}

function put(path: string): [at: number, length: number] {
  const { written } = new TextEncoder().encodeInto(path, new Uint8Array(memory, text));
  return [text, written];
}

/** Opens; returns the number of the error, or the file as a negative number. */
function open(path: string, { below = assets, how = 0, rights = regularRights } = {}): number {
  const error = call('path_open', below, 0, ...put(path), how, rights, 0n, 0, result);
  return error === ok ? -u32() : error;
}

function read(fd: number, lengths: number[], from?: bigint): [error: number, bytes: number[]] {
  let at = room;
  for (const [index, length] of lengths.entries()) {
    view().setUint32(parts + 8 * index, at, true);
    view().setUint32(parts + 8 * index + 4, length, true);
    at += length;
  }
  const place = from === undefined ? [] : [from];
  const error = call(
    from === undefined ? 'fd_read' : 'fd_pread',
    fd,
    parts,
    lengths.length,
    ...place,
    result,
  );
  return [error, error === ok ? [...new Uint8Array(memory, room, u32())] : []];
}

describe('what was never opened', () => {
  test.each([
    ['fd_prestat_get', [9, result]],
    ['fd_prestat_dir_name', [9, text, 10]],
    ['fd_fdstat_get', [-1, result]],
    ['fd_fdstat_set_flags', [9, 0]],
    ['fd_filestat_get', [9, result]],
    ['path_filestat_get', [9, 0, text, 1, result]],
    ['path_open', [9, 0, text, 1, 0, 0n, 0n, 0, result]],
    ['fd_close', [9]],
    ['fd_read', [9, parts, 0, result]],
    ['fd_pread', [9, parts, 0, 0n, result]],
    ['fd_seek', [9, 0n, 0, result]],
    ['fd_tell', [9, result]],
    ['fd_readdir', [9, room, 100, 0n, result]],
  ])('%s', (name, values) => {
    expect(call(name, ...values)).toBe(badf);
  });

  test('and what was closed', () => {
    const fd = -open('empty');
    expect(call('fd_close', fd)).toBe(ok);
    expect(call('fd_close', fd)).toBe(badf);
    expect(read(fd, [1])).toEqual([badf, []]);
  });
});

test('two folders are there from the start, and tell their names', () => {
  for (const [fd, name] of [
    [assets, '/bundle/assets'],
    [models, '/bundle/models'],
  ] as const) {
    expect(call('fd_prestat_get', fd, result)).toBe(ok);
    expect([u32(), u32(result + 4)]).toEqual([0, name.length]);
    expect(call('fd_prestat_dir_name', fd, room, name.length - 1)).toBe(inval);
    expect(call('fd_prestat_dir_name', fd, room, name.length)).toBe(ok);
    expect(new TextDecoder().decode(new Uint8Array(memory, room, name.length))).toBe(name);
  }
  expect(call('fd_prestat_get', 5, result)).toBe(badf);
  // What was opened by a path has no such name.
  expect(open('words', { how: directory })).toBe(-5);
  expect(call('fd_prestat_get', 5, result)).toBe(badf);
});

test.each<[path: string, expected: number, options?: Parameters<typeof open>[1]]>([
  ['', noent],
  ['nowhere', noent],
  ['words/nowhere', noent],
  ['empty/x', notdir],
  ['empty/.', notdir],
  ['empty', notdir, { how: directory }],
  ['/bundle/assets/empty', perm],
  ['..', perm],
  ['words/../../models/net.bin', perm],
  ['new', perm, { how: 1 }],
  ['empty', perm, { how: 8 }],
  ['empty', perm, { rights: writing }],
  ['words', isdir, { rights: writing }],
  ['../nodes/secret.py', perm, { below: models }],
])('%j is not opened: %d', (path, error, options) => {
  expect(open(path, options)).toBe(error);
});

test('a path below a file is none', () => {
  const fd = -open('net.bin', { below: models });
  expect(open('x', { below: fd })).toBe(notdir);
  expect(call('path_filestat_get', fd, 0, ...put('x'), result)).toBe(notdir);
});

test('no more than 1024 are open, and a closed one makes room', () => {
  const opened = Array.from({ length: 1022 }, () => open('empty'));
  expect(opened.every((fd) => fd < 0)).toBe(true);
  expect(new Set(opened).size).toBe(1022);
  expect(open('empty')).toBe(mfile);
  expect(call('fd_close', 100)).toBe(ok);
  expect(open('empty')).toBe(-100);
});

describe('reading', () => {
  test('goes on where it was, into several buffers', () => {
    const fd = -open('net.bin', { below: models });
    expect(read(fd, [2, 0, 3])).toEqual([ok, [1, 2, 3, 4, 5]]);
    expect(call('fd_tell', fd, result)).toBe(ok);
    expect(u64()).toBe(5n);
    expect(read(fd, [100])).toEqual([ok, [6, 7]]);
    expect(read(fd, [100])).toEqual([ok, []]);
  });

  test('from a place does not move', () => {
    const fd = -open('net.bin', { below: models });
    expect(read(fd, [2], 5n)).toEqual([ok, [6, 7]]);
    expect(read(fd, [2], 2n ** 40n)).toEqual([ok, []]);
    expect(read(fd, [2], -2n)[0]).toBe(inval);
    expect(read(fd, [1])).toEqual([ok, [1]]);
  });

  test('a folder is not to be read, nor to be moved in', () => {
    expect(read(assets, [1])).toEqual([badf, []]);
    expect(read(assets, [1], 0n)).toEqual([badf, []]);
    expect(call('fd_seek', assets, 0n, 0, result)).toBe(badf);
  });

  test.each<[by: bigint, from: number, error: number, place: bigint]>([
    [3n, 0, ok, 3n],
    [-1n, 1, ok, 1n],
    [-7n, 2, ok, 0n],
    [100n, 2, ok, 107n],
    [-1n, 0, inval, 2n],
    [2n ** 60n, 0, inval, 2n],
    [0n, 3, inval, 2n],
  ])('seek by %d from %d', (by, from, error, place) => {
    const fd = -open('net.bin', { below: models });
    read(fd, [2]);
    expect(call('fd_seek', fd, by, from, result)).toBe(error);
    expect(call('fd_tell', fd, result)).toBe(ok);
    expect(u64()).toBe(place);
  });
});

test('what things are', () => {
  const fd = -open('net.bin', { below: models });
  expect(call('fd_filestat_get', fd, room)).toBe(ok);
  expect([new Uint8Array(memory)[room + 16], u64(room + 32)]).toEqual([4, 7n]);
  expect(call('fd_filestat_get', assets, room)).toBe(ok);
  expect(new Uint8Array(memory)[room + 16]).toBe(3);
  for (const [what, type] of [
    [fd, 4],
    [assets, 3],
    [1, 2],
  ] as const) {
    expect(call('fd_fdstat_get', what, result)).toBe(ok);
    expect(u32()).toBe(type);
  }
  expect(call('fd_fdstat_set_flags', fd, 0)).toBe(ok);
});

describe('a list', () => {
  /** Names from the `cookie`-th entry on, as far as `length` bytes hold whole ones. */
  function list(fd: number, length: number, cookie = 0n): [used: number, names: string[]] {
    expect(call('fd_readdir', fd, room, length, cookie, result)).toBe(ok);
    const used = u32();
    const names: string[] = [];
    for (let at = room; at + 24 <= room + used; ) {
      const named = u32(at + 16);
      if (at + 24 + named > room + used) break;
      names.push(new TextDecoder().decode(new Uint8Array(memory, at + 24, named)));
      expect(u64(at)).toBe(cookie + BigInt(names.length));
      at += 24 + named;
    }
    return [used, names];
  }

  test('has everything, or as much as there is room for', () => {
    expect(list(assets, 1000)).toEqual([4 * 24 + 1 + 2 + 5 + 5, ['.', '..', 'words', 'empty']]);
    // The last is cut off, which tells that there is more.
    expect(list(assets, 60)).toEqual([60, ['.', '..']]);
    expect(list(assets, 1000, 2n)).toEqual([58, ['words', 'empty']]);
    expect(list(assets, 1000, 4n)).toEqual([0, []]);
  });

  test('is of folders only', () => {
    expect(call('fd_readdir', -open('empty'), room, 100, 0n, result)).toBe(notdir);
  });
});
