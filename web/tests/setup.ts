/** Builds the worker's script before the tests: Node.js can start the engine's worker only from what is built. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export default function setup(): void {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  // Not to dist/lib, which may be in use.
  const options = ['--no-types', '--out', '.cache/vitest-lib'];
  execFileSync('node', ['scripts/build-lib.mjs', ...options], { cwd: root, stdio: 'inherit' });
}
