/** Hostile bundles take little memory, and leave nothing unhandled: in a process of its own, so that it can be measured. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test.runIf(existsSync('/proc/self/clear_refs'))('no case takes more than 64 MiB beside its own bytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  try {
    execFileSync('node', ['tests/hostile/write.mjs', folder, '0']);
    // An unhandled rejection ends Node.js with an error.
    // Counting what runs would take memory and time.
    const { NODE_V8_COVERAGE: _, ...env } = process.env;
    const measure = ['--expose-gc', 'tests/hostile/measure.mjs', folder];
    const told = execFileSync('node', measure, { encoding: 'utf8', env });
    const { count, wrong, worst } = JSON.parse(told);
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(300);
    expect(worst.growth, worst.name).toBeGreaterThan(0);
    expect(worst.growth, worst.name).toBeLessThanOrEqual(64 * 2 ** 20);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
