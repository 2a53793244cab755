/** The pytest suite of py/tests, the same files, inside Pyodide in Chromium. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from './site.js';

interface Report {
  exitCode: number;
  output: string;
  passed: number;
  failed: number;
  skipped: number;
  /** Columns of the conformance matrix: one, the host `pyodide`. */
  columns: unknown[];
}

/** Which tests: a folder or file, or several with spaces between. */
const chosen = process.env.REMOTEMEDIA_PYODIDE_TESTS ?? 'py/tests';

test('the pytest suite passes inside Pyodide, and skips nothing', async ({ page, siteUrl }) => {
  execFileSync('.venv/bin/python', ['tests/e2e/pyodide_suite/archive.py', '.cache/pyodide-suite/suite.zip']);
  const runner = readFileSync('tests/e2e/pyodide_suite/run.py', 'utf8');
  await page.goto(`${siteUrl}web/bare.html`);
  const report = await page.evaluate(
    async ({ indexURL, archive, program, chosen }): Promise<Report> => {
      const { loadPyodide } = await import(`${indexURL}pyodide.mjs`);
      const pyodide = await loadPyodide({ indexURL });
      await pyodide.loadPackage(['remotemedia', 'numpy']);
      pyodide.FS.mkdirTree('/suite');
      const response = await fetch(archive);
      pyodide.unpackArchive(await response.arrayBuffer(), 'zip', { extractDir: '/suite' });
      pyodide.globals.set('chosen', chosen);
      return JSON.parse(await pyodide.runPythonAsync(program));
    },
    { indexURL: `${siteUrl}remotemedia/pyodide/`, archive: '/sources/suite.zip', program: runner, chosen },
  );
  const folder = process.env.REMOTEMEDIA_CONFORMANCE;
  if (folder) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/pyodide.json`, JSON.stringify(report.columns[0] ?? []));
  }
  console.log(report.output.split('\n').slice(-3).join('\n'));
  expect(report.exitCode, report.output).toBe(0);
  expect(report.skipped, report.output).toBe(0);
  expect(report.passed).toBeGreaterThan(50);
});
