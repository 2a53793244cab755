/** What happens when the Rust runtime is not as it should be: modules written by hand that do wrong on purpose. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import binaryen from 'binaryen';
import { describe, expect, test } from 'vitest';
import { WasiPlace } from '../src/engine/wasi-place.js';
import { NodeError, RuntimeLoadError } from '../src/errors.js';
import { createRunner } from './runners.js';

const folder = mkdtempSync(join(tmpdir(), 'remotemedia-'));
const panic = JSON.stringify({
  name: 'NodeError',
  code: 'node_error',
  message: 'panicked at src/odd.rs:7:5: no',
  runtime: 'rust',
  traceback: 'src/odd.rs:7:5',
});

/** A module with an input block at 1024 and the panic's JSON at 64; `plan` is the body of `rm_plan`. */
function moduleThat(plan: string, { version = 1, more = '' } = {}): string {
  const text = `(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "path_open" (func $open (result i32)))
    ${more}
    (memory (export "memory") 1)
    (data (i32.const 0) "\\00\\04\\00\\00\\00\\c0\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\40\\00\\00\\00")
    (data (i32.const 64) ${JSON.stringify(panic)})
    (func (export "_initialize"))
    (func (export "rm_abi_version") (result i32) (i32.const ${version}))
    (func (export "rm_mailbox") (result i32) (i32.const 0))
    (func (export "rm_last_error") (result i32)
      (i32.store (i32.const 20) (i32.const ${panic.length}))
      (i32.const ${panic.length}))
    (func $deep (result i32) (call $deep))
    (func (export "rm_plan") (param i32) (result i32) ${plan}))`;
  const module = binaryen.parseText(text);
  const path = join(folder, `${Math.random()}.wasm`);
  writeFileSync(path, module.emitBinary());
  module.dispose();
  return pathToFileURL(path).href;
}

const printed: string[] = [];

function load(url: string): Promise<WasiPlace> {
  return WasiPlace.load(url, { enter() {}, stderr: (line) => void printed.push(line) });
}

describe('a trap', () => {
  test.each([
    ['a panic', '(unreachable)'],
    ['a stack overflow', '(call $deep)'],
    ['memory out of bounds', '(i32.load (i32.const 0x7fffffff))'],
  ])('%s becomes the error that was left, and the module comes back', async (_, body) => {
    const place = await load(moduleThat(body));
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => place.plan('{}')).toThrow(NodeError);
      expect(place.alive).toBe(false);
      expect(() => place.plan('{}')).toThrow(RuntimeLoadError);
      await place.prepare();
      expect(place.alive).toBe(true);
    }
  });

  test('crosses to the caller, and the runner goes on', async () => {
    const runner = await createRunner({ assets: { wasm: moduleThat('(unreachable)') } });
    for (let attempt = 0; attempt < 2; attempt++) {
      const failure = await runner.execute({ version: 'v1', nodes: [] }, 1).catch((error) => error);
      expect(failure).toBeInstanceOf(NodeError);
      expect(failure).toMatchObject({ runtime: 'rust', traceback: 'src/odd.rs:7:5' });
    }
    await runner.close();
  });
});

describe('what a module asks of the system', () => {
  /** Status of a plan is what `body` gives; anything but 3 is good. */
  async function does(body: string, more = ''): Promise<WasiPlace> {
    const place = await load(moduleThat(body, { more }));
    place.plan('{}');
    return place;
  }

  test('prints come line by line', async () => {
    const more = `(data (i32.const 512) "\\20\\02\\00\\00\\04\\00\\00\\00\\24\\02\\00\\00\\03\\00\\00\\00")
      (data (i32.const 544) "one\\ntwo")`;
    const both = '(drop (call $write (i32.const 2) (i32.const 512) (i32.const 2) (i32.const 528)))';
    await does(`${both} ${both} (i32.const 0)`, more);
    expect(printed).toEqual(['one', 'twoone']);
  });

  test('what is printed goes nowhere', async () => {
    const before = printed.length;
    const more = `(data (i32.const 512) "\\20\\02\\00\\00\\04\\00\\00\\00") (data (i32.const 544) "one\\n")`;
    const code = '(call $write (i32.const 1) (i32.const 512) (i32.const 1) (i32.const 528))';
    await does(`(if ${code} (then unreachable)) (i32.load (i32.const 528)) (i32.const 4) (i32.ne)`, more);
    expect(printed.length).toBe(before);
  });

  test('to no other file', async () => {
    const code = '(call $write (i32.const 3) (i32.const 512) (i32.const 0) (i32.const 528))';
    await does(`(if (i32.ne ${code} (i32.const 8)) (then unreachable)) (i32.const 0)`);
  });

  test('random numbers, more than the host gives at once', async () => {
    const last = '(i64.load (i32.const 65528))';
    const before = `(i64.store (i32.const 65528) (i64.const 0))`;
    const call = '(drop (call $random (i32.const 4096) (i32.const 61440)))';
    await does(`${before} ${call} (if (i64.eqz ${last}) (then unreachable)) (i32.const 0)`);
  });

  test.each([0, 1])('clock %i tells how long the thread runs, not the time of day', async (clock) => {
    const call = `(drop (call $clock (i32.const ${clock}) (i64.const 1) (i32.const 512)))`;
    // Nanoseconds: less than ten days.
    const isOld = '(i64.gt_u (i64.load (i32.const 512)) (i64.const 864000000000000))';
    await does(`${call} (if ${isOld} (then unreachable)) (i32.const 0)`);
  });

  test('anything else is not supported', async () => {
    await does('(if (i32.ne (call $open) (i32.const 52)) (then unreachable)) (i32.const 0)');
  });

  test('an exit takes the module down', async () => {
    await expect(does('(call $exit (i32.const 1)) (i32.const 0)')).rejects.toThrow(NodeError);
  });
});

describe('input', () => {
  test('for which there is no memory', async () => {
    const alloc = '(func (export "rm_alloc") (param i32) (result i32) (i32.const 0))';
    const place = await load(moduleThat('(i32.const 0)', { more: alloc }));
    const thrown = (() => {
      try {
        return place.plan(' '.repeat(50_000));
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(RuntimeLoadError);
    expect(thrown).toMatchObject({ code: 'out_of_memory', message: expect.stringContaining('50000 bytes') });
    expect(place.alive).toBe(true);
  });
});

describe('progress of a download', () => {
  const module = readFileSync(
    new URL(moduleThat('(i32.const 0)', { more: `(data (i32.const 0) "${'x'.repeat(60_000)}")` })),
  );

  /** What is told while a server sends the module in small pieces. */
  async function loadFrom(
    headers: Record<string, string>,
    content = module,
  ): Promise<[number, number | null][]> {
    const server = createServer(async (_, response) => {
      response.writeHead(200, headers);
      for (let at = 0; at < content.length; at += 500) {
        response.write(content.subarray(at, at + 500));
        if (at % 5000 === 0) await nextTurn();
      }
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const steps: [number, number | null][] = [];
    const { port } = server.address() as AddressInfo;
    await WasiPlace.load(`http://127.0.0.1:${port}/`, {
      enter() {},
      stderr() {},
      progress: (loaded, total) => void steps.push([loaded, total]),
    });
    server.close();
    return steps;
  }

  const size = module.length;
  const known = { 'content-length': String(size) };

  test.each([
    ['while it is compiled', { ...known, 'content-type': 'application/wasm' }],
    ['without the right type', known],
  ])('counts bytes %s', async (_, headers) => {
    const steps = await loadFrom(headers);
    expect(steps[0]).toEqual([0, null]);
    expect(steps.at(-1)).toEqual([size, size]);
    expect(steps.length).toBeGreaterThan(3);
    expect(steps.length).toBeLessThanOrEqual(20);
    expect(steps.slice(1).every(([, total]) => total === size)).toBe(true);
  });

  test('knows no total of compressed content', async () => {
    const packed = gzipSync(module);
    const headers = { 'content-length': String(packed.length), 'content-encoding': 'gzip' };
    expect(await loadFrom(headers, packed)).toEqual([
      [0, null],
      [size, size],
    ]);
  });
});

describe('refused at loading', () => {
  test('another ABI version', async () => {
    await expect(load(moduleThat('(i32.const 0)', { version: 2 }))).rejects.toThrow(/ABI version 2/);
  });

  test('a file that is no module', async () => {
    const path = join(folder, 'text.wasm');
    writeFileSync(path, 'text');
    await expect(load(pathToFileURL(path).href)).rejects.toBeInstanceOf(RuntimeLoadError);
  });
});
