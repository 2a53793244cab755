/**
 * WASI preview 1, as far as Rust's standard library uses it in a module without files: clocks, random numbers, what is
 * printed, exit. Everything else is answered with "not supported".
 */

const ok = 0;
const badFileDescriptor = 8;
const notSupported = 52;
/** The most that the browser's generator gives at once. */
const mostRandomBytes = 65_536;

/** The module called `exit`. */
export class ProcessExit extends Error {}

type WasiFunction = (...args: never[]) => number;

/** Imports for `module`. `memory` is asked for anew at every use; `print` gets whole lines. */
export function wasiImports(
  module: WebAssembly.Module,
  memory: () => ArrayBuffer,
  print: (line: string) => void,
): Record<string, WasiFunction> {
  const known = wasiFunctions(() => new DataView(memory()), print);
  const names = WebAssembly.Module.imports(module).map(({ name }) => name);
  return Object.fromEntries(names.map((name) => [name, known[name] ?? (() => notSupported)]));
}

function wasiFunctions(
  view: () => DataView<ArrayBuffer>,
  print: (line: string) => void,
): Record<string, WasiFunction> {
  const text = new TextDecoder();
  let line = '';
  return {
    clock_time_get(clock: number, _precision: bigint, at: number) {
      // 0 is the time of day, the others only have to go on.
      const ms = clock === 0 ? Date.now() : performance.now();
      view().setBigUint64(at, BigInt(Math.round(ms * 1e6)), true);
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
        line += text.decode(bytes, { stream: true });
        written += length;
      }
      const lines = line.split('\n');
      line = lines.pop() ?? '';
      for (const whole of lines) print(whole);
      memory.setUint32(writtenAt, written, true);
      return ok;
    },
    environ_get: () => ok,
    environ_sizes_get(countAt: number, bytesAt: number) {
      view().setUint32(countAt, 0, true);
      view().setUint32(bytesAt, 0, true);
      return ok;
    },
    proc_exit(code: number) {
      throw new ProcessExit(`the module exited with code ${code}`);
    },
  };
}
