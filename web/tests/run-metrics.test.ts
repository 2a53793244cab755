import { afterEach, expect, test, vi } from 'vitest';
import { metricsOf } from '../src/run-metrics.js';

afterEach(() => {
  vi.restoreAllMocks();
});

test('the overhead of metrics does not hold the wait for the clock, which happens once', () => {
  // A clock that makes a step of 1 ms at every tenth look.
  let looks = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => Math.floor(looks++ / 10));
  const plan = { name: 'p', graphInfo: { node_count: 0 }, outputs: [], warnings: [] } as never;
  const loads = { wasm_ms: null, pyodide_ms: null, packages_ms: null };
  const skipped = { count: 0, errors: [] };
  const summary = { nodes: [], skipped, crossings: [], loads, memoryBytes: 1, circuits: {}, spans: [] };
  const first = metricsOf(plan, summary, 1);
  expect(first.clock_resolution_us).toBe(1000);
  expect(first.metrics_overhead_us).toBeLessThanOrEqual(1000);
  clock.mockClear();
  expect(metricsOf(plan, summary, 1).clock_resolution_us).toBe(1000);
  expect(clock).toHaveBeenCalledTimes(2);
});
