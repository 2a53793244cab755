/** Checks the WebAssembly modules of a bundle. Their code does not run. */
import { refuse } from '../package-refusal.js';
import type { Contents } from '../zip-reader.js';

const words = (text: string): string[] => text.trim().split(/\s+/);

const imports = new Set([
  'remotemedia.rm_enter',
  ...words(`
    args_get args_sizes_get clock_res_get clock_time_get environ_get environ_sizes_get fd_close fd_fdstat_get
    fd_fdstat_set_flags fd_filestat_get fd_pread fd_prestat_dir_name fd_prestat_get fd_read fd_readdir fd_seek fd_tell
    fd_write path_filestat_get path_open proc_exit random_get sched_yield
  `).map((name) => `wasi_snapshot_preview1.${name}`),
]);

const exported = [
  'memory',
  ...words(`
    _initialize rm_abi_version rm_alloc rm_catalog rm_free rm_last_error rm_mailbox rm_segment_close
    rm_segment_flush rm_segment_metrics rm_segment_open rm_segment_resume rm_segment_run
  `),
];

/** More is no node, and compiling takes many times as much. */
const mostBytes = 32 * 2 ** 20;

/** Any `.wasm` entry. Throws PackageError `invalid_wasm`, `unexpected_import`, `missing_export`. */
export async function checkModule(name: string, files: Contents): Promise<void> {
  if ((files.sizes.get(name) ?? 0) > mostBytes)
    refuse('invalid_wasm', `larger than ${mostBytes} bytes`, name);
  const bytes = await files.read(name);
  if (!name.startsWith('modules/')) {
    if (!WebAssembly.validate(bytes)) refuse('invalid_wasm', 'not a WebAssembly module', name);
    return;
  }
  // Only a compiled module tells its imports.
  const module = await WebAssembly.compile(bytes).catch((error: unknown) =>
    refuse('invalid_wasm', String(error), name),
  );
  for (const { module: from, name: field, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== 'function' || !imports.has(`${from}.${field}`)) {
      refuse('unexpected_import', `it imports the ${kind} ${from}.${field}`, name);
    }
  }
  const found = new Map(WebAssembly.Module.exports(module).map((entry) => [entry.name, entry.kind]));
  for (const wanted of exported) {
    const kind = wanted === 'memory' ? 'memory' : 'function';
    if (found.get(wanted) !== kind) refuse('missing_export', `it exports no ${kind} ${wanted}`, name);
  }
}
