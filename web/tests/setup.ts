/** Builds the worker's script before the tests: Node.js can start the engine's worker only from what is built. */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export default function setup(): void {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  // Not to dist/lib, which may be in use; and what another run of the tests is using is replaced, never missing.
  const fresh = `.cache/vitest-lib-${process.pid}`;
  const options = ['--no-types', '--out', fresh];
  execFileSync('node', ['scripts/build-lib.mjs', ...options], { cwd: root, stdio: 'inherit' });
  cpSync(root + fresh, `${root}.cache/vitest-lib`, { recursive: true });
  rmSync(root + fresh, { recursive: true });
}
