// Calls the Python command line: `npm run package` and `npm run test-package` are documented with npm.
//   usage: node scripts/python-cli.mjs SUBCOMMAND [ARGUMENTS]...
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const own = fileURLToPath(new URL('../.venv/bin/python', import.meta.url));
const python = existsSync(own) ? own : 'python3';
const { status, error } = spawnSync(python, ['-m', 'remotemedia.cli', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
if (error) console.error(`${python} cannot be started: ${error.message}`);
process.exitCode = status ?? 2;
