// Runs the audio kernels as wasm in this process and natively, one after the other, and prints both and their ratio as
// JSON. Build first: in rust-wasm, `cargo build --release -p remotemedia-nodes --example audio_kernels`, once as it is and
// once with `--target wasm32-wasip1`. Arguments go to the program: `--times` leaves the quality figures out.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../rust-wasm/target', import.meta.url));
const options = process.argv.slice(2);
const run = promisify(execFile);

/** Runs the WASI command and returns what it writes to stdout. */
async function inWasm() {
  const decoder = new TextDecoder();
  let text = '';
  let memory;
  const views = () => new DataView(memory.buffer);
  const strings = ['audio_kernels', ...options].map((argument) => new TextEncoder().encode(`${argument}\0`));
  const wasi = {
    args_sizes_get(count, size) {
      views().setUint32(count, strings.length, true);
      views().setUint32(
        size,
        strings.reduce((sum, bytes) => sum + bytes.length, 0),
        true,
      );
      return 0;
    },
    args_get(pointers, buffer) {
      let at = buffer;
      strings.forEach((bytes, index) => {
        views().setUint32(pointers + 4 * index, at, true);
        new Uint8Array(memory.buffer).set(bytes, at);
        at += bytes.length;
      });
      return 0;
    },
    environ_sizes_get(count, size) {
      views().setUint32(count, 0, true);
      views().setUint32(size, 0, true);
      return 0;
    },
    environ_get: () => 0,
    clock_time_get(_clock, _precision, result) {
      views().setBigUint64(result, BigInt(Math.round(performance.now() * 1e6)), true);
      return 0;
    },
    fd_write(descriptor, vectors, count, written) {
      let total = 0;
      for (let index = 0; index < count; index += 1) {
        const start = views().getUint32(vectors + 8 * index, true);
        const length = views().getUint32(vectors + 8 * index + 4, true);
        const part = decoder.decode(new Uint8Array(memory.buffer, start, length), { stream: true });
        if (descriptor === 1) text += part;
        else process.stderr.write(part);
        total += length;
      }
      views().setUint32(written, total, true);
      return 0;
    },
    random_get(start, length) {
      crypto.getRandomValues(new Uint8Array(memory.buffer, start, length));
      return 0;
    },
    proc_exit(code) {
      throw new Error(`exit ${code}`);
    },
  };
  const imports = new Proxy(wasi, { get: (known, name) => known[name] ?? (() => 52) });
  const bytes = await readFile(`${target}/wasm32-wasip1/release/examples/audio_kernels.wasm`);
  const module = await WebAssembly.compile(bytes);
  const wanted = Object.fromEntries(
    WebAssembly.Module.imports(module).map(({ name }) => [name, imports[name]]),
  );
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wanted });
  memory = instance.exports.memory;
  instance.exports._start();
  return JSON.parse(text);
}

async function natively() {
  const { stdout } = await run(`${target}/release/examples/audio_kernels`, options);
  return JSON.parse(stdout);
}

const native = await natively();
const wasm = await inWasm();
const ratio = {};
for (const [kernel, rows] of Object.entries(wasm)) {
  ratio[kernel] = Object.fromEntries(
    Object.entries(rows).map(([name, { min_ms }]) => [name, min_ms / native[kernel][name].min_ms]),
  );
}
console.log(JSON.stringify({ native, wasm, ratio }, null, 1));
