/** Bundles that only tests need, packed from manifests by the project's own packer. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

const folder = '.cache/e2e';

/** Packs `.cache/e2e/<name>.rmpkg`. */
function pack(name: string, nodes: object[]): void {
  const source = `${folder}/${name}`;
  mkdirSync(source, { recursive: true });
  const manifest = { version: 'v1', metadata: { name }, nodes, connections: [] };
  writeFileSync(`${source}/manifest.json`, JSON.stringify(manifest));
  execFileSync('.venv/bin/python', ['-m', 'remotemedia.cli', 'pack', source, '-o', `${source}.rmpkg`]);
}

/** Run once before all tests. */
export default function packTestBundles(): void {
  rmSync(folder, { recursive: true, force: true });
  pack('endless', [
    { id: 'loop', node_type: 'ExpanderNode', runtime_hint: 'python', params: { expansion_factor: 1e7 } },
  ]);
  pack('raising', [{ id: 'up', node_type: 'DataTransformNode', params: { operation: 'increment' } }]);
}
