/**
 * WASI preview 1, as far as Rust's standard library uses it in a module without files: a monotonic clock, random numbers,
 * what is complained about, exit. What is printed goes nowhere. There are no arguments and no environment.
 */

const ok = 0;
const badFileDescriptor = 8;
const notSupported = 52;
/** The most that the browser's generator gives at once. */
const mostRandomBytes = 65_536;

/** The module called `exit`. */
export class ProcessExit extends Error {}

/** A function that a module imports. */
export type WasiFunction = (...args: never[]) => number;

/**
 * Imports for `module`. `memory` is asked for anew at every use; `print` gets whole lines. With `files`, functions for
 * files, there is nothing else; without them the rest is answered with "not supported".
 */
export function wasiImports(
  module: WebAssembly.Module,
  memory: () => ArrayBuffer,
  print: (line: string) => void,
  files: Record<string, WasiFunction> | null = null,
): Record<string, WasiFunction> {
  const known = { ...wasiFunctions(() => new DataView(memory()), print), ...files };
  if (files) return known;
  const names = WebAssembly.Module.imports(module).map(({ name }) => name);
  return Object.fromEntries(names.map((name) => [name, known[name] ?? (() => notSupported)]));
}

function wasiFunctions(
  view: () => DataView<ArrayBuffer>,
  print: (line: string) => void,
): Record<string, WasiFunction> {
  const none = (countAt: number, bytesAt: number): number => {
    view().setUint32(countAt, 0, true);
    view().setUint32(bytesAt, 0, true);
    return ok;
  };
  const text = new TextDecoder();
  let line = '';
  return {
    clock_time_get(_clock: number, _precision: bigint, at: number) {
      view().setBigUint64(at, BigInt(Math.round(performance.now() * 1e6)), true);
      return ok;
    },
    clock_res_get(_clock: number, at: number) {
      view().setBigUint64(at, 1000n, true);
      return ok;
    },
    random_get(at: number, length: number) {
      const bytes = new Uint8Array(view().buffer, at, length);
      for (let from = 0; from < length; from += mostRandomBytes)
        crypto.getRandomValues(bytes.subarray(from, from + mostRandomBytes));
      return ok;
    },
    fd_write(file: number, parts: number, count: number, writtenAt: number) {
      if (file !== 1 && file !== 2) return badFileDescriptor;
      const memory = view();
      let written = 0;
      for (let part = parts; part < parts + 8 * count; part += 8) {
        const length = memory.getUint32(part + 4, true);
        const bytes = new Uint8Array(memory.buffer, memory.getUint32(part, true), length);
        if (file === 2) line += text.decode(bytes, { stream: true });
        written += length;
      }
      memory.setUint32(writtenAt, written, true);
      const lines = line.split('\n');
      line = lines.pop() ?? '';
      for (const whole of lines) print(whole);
      return ok;
    },
    args_get: () => ok,
    args_sizes_get: none,
    environ_get: () => ok,
    environ_sizes_get: none,
    sched_yield: () => ok,
    proc_exit(code: number) {
      throw new ProcessExit(`the module exited with code ${code}`);
    },
  };
}
