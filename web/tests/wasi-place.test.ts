/** What happens when the Rust runtime is not as it should be: modules written by hand that do wrong on purpose. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
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

/** A module with an input block at 1024 and the panic's JSON at 16; `plan` is the body of `rm_plan`. */
function moduleThat(plan: string, version = 1): string {
  const text = `(module
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

function load(url: string): Promise<WasiPlace> {
  return WasiPlace.load(url, { enter() {}, stderr() {} });
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

describe('refused at loading', () => {
  test('another ABI version', async () => {
    await expect(load(moduleThat('(i32.const 0)', 2))).rejects.toThrow(/ABI version 2/);
  });

  test('a file that is no module', async () => {
    const path = join(folder, 'text.wasm');
    writeFileSync(path, 'text');
    await expect(load(pathToFileURL(path).href)).rejects.toBeInstanceOf(RuntimeLoadError);
  });
});
