/** Builds the library before the tests: Node.js can start the engine's worker only from what is built. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export default function setup(): void {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  execFileSync('node', ['scripts/build-lib.mjs', '--no-types'], { cwd: root, stdio: 'inherit' });
}
