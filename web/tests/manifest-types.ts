/** What the types of manifests notice; checked by `tsc`, never run. */
import type { Connection, Manifest, ManifestNode, RuntimeHint } from '../src/index.js';

const connections: Connection[] = [{ from: 'a', to: 'b.in' }];

/** Built-in types and one of your own. */
export const mixed: Manifest<'ClampNode'> = {
  version: 'v1',
  nodes: [
    { id: 'a', node_type: 'MultiplyNode', params: { factor: 2 }, retry: { max_retries: 1 } },
    { id: 'b', node_type: 'Echo', on_error: 'skip' },
    { id: 'c', node_type: 'ClampNode', params: { limit: 3, names: ['x'] } },
    { id: 'd', node_type: 'ZipNode', params: { ports: ['x', 'y'] } },
  ],
  connections,
};

export const wrong: Manifest<'ClampNode'> = {
  version: 'v1',
  nodes: [
    // @ts-expect-error a param that the type does not have
    { id: 'a', node_type: 'MultiplyNode', params: { factr: 2 } },
    // @ts-expect-error a param of another type
    { id: 'b', node_type: 'AudioResampleNode', params: { target_sample_rate: '16000' } },
    // @ts-expect-error a word that is not allowed
    { id: 'c', node_type: 'AudioResampleNode', params: { quality: 'best' } },
    // @ts-expect-error it has no params
    { id: 'd', node_type: 'EchoNode', params: { factor: 2 } },
    // @ts-expect-error a param that must be given
    { id: 'e', node_type: 'ZipNode' },
    // @ts-expect-error a type that is neither built in nor named
    { id: 'f', node_type: 'NopeNode' },
    // @ts-expect-error no runtime
    { id: 'g', node_type: 'EchoNode', runtime_hint: 'gpu' },
  ],
};

// Types that nobody named may stand anywhere, as variables too.
const type: string = 'AnyNode';
const node: ManifestNode = { id: 'a', node_type: type, params: { any: [1, { deep: null }] } };
export const open: Manifest = {
  version: 'v1',
  nodes: [node, { id: 'b', node_type: 'OtherNode', params: { x: 1 } }],
};
export const general: Manifest = mixed;
export const builtIn: ManifestNode[] = mixed.nodes;
export const hint: RuntimeHint = 'cpython';
