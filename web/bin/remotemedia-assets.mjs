#!/usr/bin/env node
/**
 * Copies what the library loads at run time to where an app's server finds it.
 *
 *     npx remotemedia-assets [--lib] [--no-python] FOLDER
 *
 * makes FOLDER/remotemedia/, anew if it is there: the Rust runtime and, except with --no-python, Pyodide, our wheel and numpy.
 * --lib adds the library itself as FOLDER/remotemedia/lib/, for pages without a bundler.
 */
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const usage = 'usage: remotemedia-assets [--lib] [--no-python] FOLDER';
const source = fileURLToPath(new URL('../../dist/', import.meta.url));

/** Ends with a line on standard error. */
function fail(message, code) {
  console.error(`remotemedia-assets: ${message}`);
  process.exit(code);
}

function readArguments() {
  const options = {
    lib: { type: 'boolean' },
    'no-python': { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  };
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    return fail(`${error.message}\n${usage}`, 2);
  }
}

const { values, positionals } = readArguments();
if (values.help) {
  console.log(usage);
  process.exit();
}
const [folder, ...rest] = positionals;
if (!folder || rest.length > 0) fail(usage, 2);

const target = join(folder, 'remotemedia');
// Only what this command made is replaced.
if (existsSync(target) && readdirSync(target).length > 0 && !existsSync(join(target, 'runtime.wasm'))) {
  fail(`${target} exists and was not made by this command`, 1);
}
rmSync(target, { recursive: true, force: true });
const isWanted = (path) => !values['no-python'] || path !== join(source, 'remotemedia', 'pyodide');
cpSync(join(source, 'remotemedia'), target, { recursive: true, filter: isWanted });
if (values.lib) cpSync(join(source, 'lib'), join(target, 'lib'), { recursive: true });
console.log(target);
