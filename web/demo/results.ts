/** Shows what a run gave: outputs, where and how long each node ran, and errors. */
import { type ExecuteResult, PackageError, RemoteMediaError, toJson, type Value } from '../src/index.js';
import { textOf } from './claims.js';
import { element, table } from './elements.js';
import { views } from './views.js';

const shownText = 400;
const shownViews = 8;

/** Outputs, nodes and load times of a finished run. `elapsedMs` is the time the caller waited. */
export function resultView(result: ExecuteResult, elapsedMs: number): Node[] {
  return [
    element('p', 'soft', `Done in ${milliseconds(elapsedMs)}.`),
    ...Object.entries(result.sinks).flatMap(([sink, items]) => sinkView(sink, items)),
    ...metricsView(result),
  ];
}

function sinkView(sink: string, items: readonly Value[]): Node[] {
  const count = items.length === 1 ? '1 item' : `${items.length} items`;
  const text = shortJson(items.map(toJson));
  return [
    element('h3', '', `Output of ${sink} (${count})`),
    ...items.slice(0, shownViews).flatMap((item) => views(item, sink)),
    element('pre', 'output', text),
  ];
}

/** JSON text of a value; base64 of long recordings does not flood the page. */
export function shortJson(value: unknown): string {
  return JSON.stringify(value, shorten, 2);
}

function shorten(_key: string, value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= shownText) return value;
  return `${value.slice(0, shownText)}… (${value.length} characters)`;
}

function metricsView({ metrics, skipped }: ExecuteResult): Node[] {
  if (!metrics) return [];
  const nodes = metrics.node_metrics.map((node) => [
    node.node_id,
    node.node_type,
    node.runtime,
    String(node.execution_count),
    milliseconds(node.total_duration_us / 1000),
  ]);
  const loads: [string, number | null][] = [
    ['Rust module', metrics.load_metrics.wasm_ms],
    ['Pyodide', metrics.load_metrics.pyodide_ms],
    ['Python packages', metrics.load_metrics.packages_ms],
  ];
  const loaded = loads.flatMap(([what, ms]) => (ms ? [`${what} ${milliseconds(ms)}`] : []));
  return [
    element('h3', '', 'Nodes'),
    table(['Node', 'Type', 'Runtime', 'Calls', 'Time'], nodes, ['Calls', 'Time']),
    element('p', 'soft', loaded.length ? `Loaded for this run: ${loaded.join(', ')}.` : ''),
    ...(skipped.count ? [element('p', 'error', `${skipped.count} calls failed and were skipped.`)] : []),
  ];
}

/** What went wrong: class, message, entry of the bundle or node, problems of the manifest, traceback. `lead` comes first. */
export function failureView(thrown: unknown, lead = ''): HTMLElement {
  const failure = element('div', 'failure', ...(lead ? [element('p', '', lead)] : []));
  if (!(thrown instanceof RemoteMediaError)) {
    failure.append(element('p', 'error', String(thrown)));
    return failure;
  }
  failure.append(
    element('h3', 'error', `${thrown.name} (${thrown.code})`),
    element('pre', '', thrown.message),
  );
  if (thrown instanceof PackageError && thrown.path) {
    failure.append(element('p', '', 'Entry ', element('code', '', textOf(thrown.path))));
  }
  if (thrown.nodeId) {
    const item = thrown.itemIndex === null ? '' : `, item ${thrown.itemIndex}`;
    failure.append(
      element('p', '', `Node ${thrown.nodeId} (${thrown.nodeType ?? '?'}, ${thrown.runtime ?? '?'})${item}`),
    );
  }
  if (thrown.traceback) {
    const details = document.createElement('details');
    details.open = true;
    details.append(element('summary', '', 'Traceback'), element('pre', '', thrown.traceback));
    failure.append(details);
  }
  return failure;
}

/** `1.23 ms`, or `0.4 s` with a digit that means something. */
export function milliseconds(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;
}
