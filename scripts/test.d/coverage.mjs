// How many of the statements in web/src the tests ran, wherever they ran: in Vitest's own processes (its report also lists
// every statement there is), in the worker threads they started, in Chromium's pages, workers, worklets and frames.
//   usage: node scripts/test.d/coverage.mjs FOLDER [LEAST]
// FOLDER holds vitest/coverage-final.json, workers/*.json as Node.js writes them (NODE_V8_COVERAGE), chromium/*.json from
// tests/e2e/coverage.ts. Under LEAST per cent it fails.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SourceFiles } from './coverage-sources.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [folder, least = '0'] = process.argv.slice(2);
if (!folder) throw new Error('usage: node scripts/test.d/coverage.mjs FOLDER [LEAST]');

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Parsed one by one: there are hundreds, of megabytes each. */
function* reports(name) {
  const reports = join(folder, name);
  for (const file of existsSync(reports) ? readdirSync(reports) : []) yield readJson(join(reports, file));
}

/** The statements of a file, by where they begin and end in it, and whether each ran. */
function statementsOf({ statementMap, s }, file) {
  return Object.entries(statementMap).map(([id, { start, end }]) => ({
    line: start.line,
    start: file.offset(start),
    end: file.offset(end),
    ran: s[id] > 0,
  }));
}

/** The lines on which statements begin, as `3 7–9`. */
function linesOf(statements) {
  const ranges = [];
  for (const { line } of statements.toSorted((a, b) => a.line - b.line)) {
    const last = ranges.at(-1);
    if (last && line <= last.to + 1) last.to = line;
    else ranges.push({ from: line, to: line });
  }
  return ranges.map(({ from, to }) => (from === to ? from : `${from}–${to}`)).join(' ');
}

const sources = new SourceFiles(root);
for (const { result } of reports('workers')) {
  for (const { url, functions } of result) {
    if (url.includes('/.cache/vitest-lib/')) sources.add(fileURLToPath(url), functions);
  }
}
for (const scripts of reports('chromium')) {
  for (const { file, functions } of scripts) sources.add(join(root, file), functions);
}

const total = { ran: 0, all: 0 };
const rows = [];
for (const [path, report] of Object.entries(readJson(join(folder, 'vitest/coverage-final.json')))) {
  const name = relative(root, path);
  const file = sources.file(name);
  const statements = statementsOf(report, file);
  // Whatever ran inside a statement, the statement did.
  for (const statement of statements) statement.ran ||= file.ranWithin(statement.start, statement.end);
  const missing = statements.filter(({ ran }) => !ran);
  total.all += statements.length;
  total.ran += statements.length - missing.length;
  rows.push({ name, all: statements.length, missing });
}

const share = (missing, all) => (all === 0 ? 100 : (100 * (all - missing)) / all);
rows.sort((a, b) => share(a.missing.length, a.all) - share(b.missing.length, b.all));
for (const { name, all, missing } of rows) {
  const percent = share(missing.length, all);
  if (percent < 95) console.log(`${percent.toFixed(1).padStart(5)} %  ${name}: ${linesOf(missing)}`);
}
for (const name of sources.changed) console.log(`${name} is not what was built: build again`);
const percent = share(total.all - total.ran, total.all);
console.log(`web/src: ${percent.toFixed(2)} % of ${total.all} statements ran`);
if (percent < Number(least) || total.all === 0) {
  console.error(`coverage of web/src is under ${least} %`);
  process.exit(1);
}
