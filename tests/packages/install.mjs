/** Makes apps in `.cache/packages/` as a user would: locked bundler, the packed library, the pages of docs/quickstart-web.md. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve('.cache/packages');
const quickStart = 'docs/quickstart-web.md';

/** Runs a program and returns what it printed; if it fails, that is part of the error. */
export function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Packs the library; returns the archive's path. */
export function pack() {
  rmSync(`${root}/packed`, { recursive: true, force: true });
  mkdirSync(`${root}/packed`, { recursive: true });
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', `${root}/packed`]);
  const [archive] = readdirSync(`${root}/packed`);
  return join(root, 'packed', archive);
}

/** What the quick start tells to write into a file. */
export function quickStartFile(name) {
  const page = readFileSync(quickStart, 'utf8');
  const found = new RegExp(`^\`${name}\`:\\n\`\`\`\\w+\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1];
  if (!found) throw new Error(`${quickStart} has no ${name}`);
  return found;
}

/** A folder with the app of tests/packages/<name>, everything installed; its pages and scripts lie in `sources` of it. */
export function install(name, archive, sources = '.') {
  const app = join(root, name);
  const fixture = join('tests/packages', name);
  const lock = readFileSync(join(fixture, 'package-lock.json'), 'utf8');
  const stamp = join(app, 'node_modules', '.installed');
  const isInstalled = existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;
  clear(app, isInstalled ? ['node_modules'] : []);
  cpSync(fixture, app, { recursive: true });
  if (!isInstalled) npm(app, 'ci');
  npm(app, 'install', '--no-save', '--no-package-lock', archive);
  writeFileSync(stamp, lock);
  // What Vite prepared from another build of the library.
  rmSync(join(app, 'node_modules', '.vite'), { recursive: true, force: true });
  writeSources(join(app, sources));
  return app;
}

function npm(app, ...args) {
  run('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund'], app);
}

/** Empties a folder but for some of its entries. */
function clear(folder, kept) {
  mkdirSync(folder, { recursive: true });
  for (const entry of readdirSync(folder)) {
    if (!kept.includes(entry)) rmSync(join(folder, entry), { recursive: true });
  }
}

function writeSources(folder) {
  mkdirSync(folder, { recursive: true });
  cpSync('tests/packages/app', folder, { recursive: true });
  for (const name of ['index.html', 'main.js']) writeFileSync(join(folder, name), quickStartFile(name));
}

/** Copies what the library loads, by its own command, and the bundles of this project. */
export function addAssets(app, folder, ...options) {
  run('npx', ['--no-install', 'remotemedia-assets', ...options, folder], app);
  cpSync('dist/bundles', join(app, folder, 'bundles'), { recursive: true });
}
