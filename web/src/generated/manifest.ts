/** Types of manifest v1 and of built-in nodes' params. Written by scripts/generate: do not edit. */
import type { Json } from '../manifest.js';

/**
 * A pipeline: a directed acyclic graph of nodes. `Custom` names the types of your own that it may
 * hold. By default these are any, and then a wrong param of a built-in type is not noticed:
 * `Manifest<never>` or `Manifest<'MyNode'>` notices it.
 */
export interface Manifest<Custom extends string = AnyType> {
  /** Version of this format. */
  version: 'v1';
  /** What the pipeline is. Other fields are ignored. */
  metadata?: Metadata;
  /** What the pipeline needs. Other fields are ignored. */
  runtime?: Requirements;
  /** The nodes. */
  nodes: (BuiltInNode | ManifestNode<Custom>)[];
  /** The connections. */
  connections?: Connection[];
}

/** What the pipeline is. Other fields are ignored. */
export interface Metadata {
  /** Name of the pipeline. */
  name?: string;
  /** What it does. */
  description?: string;
  /** Who wrote it. */
  author?: string;
  /** Version of the pipeline. */
  version?: string;
  /** Licence, as an SPDX expression. */
  license?: string;
  [field: string]: unknown;
}

/** What the pipeline needs. Other fields are ignored. */
export interface Requirements {
  /** What Rust nodes are compiled for. Default "wasm32-wasi". */
  target?: 'wasm32-wasi' | 'wasm32-wasip1';
  /** The oldest release that can run it, such as 0.1.0. */
  min_version?: string;
  /** Names of features that it uses, such as python. */
  features?: string[];
  [field: string]: unknown;
}

/** Where items go. An end is `node` or `node.port`. */
export interface Connection {
  /** The giving end; the port is out if none is named. */
  from: string;
  /** The taking end; the port is in if none is named. */
  to: string;
}

/** Makes a failed call again, after a random wait that grows from time to time. */
export interface Retry {
  /** How often. At least 0 and at most 4294967295; default 3. */
  max_retries?: number;
  /** Longest wait before the first retry, in milliseconds. At least 0; default 100. */
  base_delay_ms?: number;
  /** Longest wait of all, in milliseconds. At least 0; default 400. */
  max_delay_ms?: number;
  /** What the longest wait grows by. At least 1; default 2. */
  multiplier?: number;
}

/** Where it runs; auto is the first of rust, python and js that has the type. Default "auto". */
export type RuntimeHint = 'auto' | 'rust' | 'python' | 'js' | 'rust_python' | 'cpython' | 'cpython_wasm';

/** What every node may state. */
export interface NodeFields {
  /** Name of the node, unique: letters, digits, _ and -, not starting with __. */
  id: string;
  /** Where it runs; auto is the first of rust, python and js that has the type. Default "auto". */
  runtime_hint?: RuntimeHint;
  /** The longest a call may take, in milliseconds. More than 0. */
  timeout_ms?: number;
  /** Whether a failed call ends the run or is left out. Default "fail". */
  on_error?: 'fail' | 'skip';
  /** Makes a failed call again, after a random wait that grows from time to time. */
  retry?: Retry;
}

/** Gives every item unchanged. Runs in Rust and Python. */
export interface PassThroughNode extends NodeFields {
  node_type: 'PassThroughNode' | 'PassThrough';
  params?: Record<string, never>;
}

/** Gives each item with its number, counted from 1. Runs in Rust and Python. */
export interface EchoNode extends NodeFields {
  node_type: 'EchoNode' | 'Echo';
  params?: Record<string, never>;
}

/** Params of MultiplyNode. */
export type MultiplyNodeParams = {
  /** What to multiply by. Default 2.0. */
  factor?: number;
  /** Another word for factor. */
  multiplier?: number;
};

/** Multiplies numbers by a factor. Runs in Rust and Python. */
export interface MultiplyNode extends NodeFields {
  node_type: 'MultiplyNode';
  params?: MultiplyNodeParams;
}

/** Params of AddNode. */
export type AddNodeParams = {
  /** What to add. Default 0.0. */
  addend?: number;
};

/** Adds a number to numbers. Runs in Rust and Python. */
export interface AddNode extends NodeFields {
  node_type: 'AddNode';
  params?: AddNodeParams;
}

/** Params of CalculatorNode. */
export type CalculatorNodeParams = {
  /** What to compute; modulo has the sign of the divisor. Default "add". */
  operation?: 'add' | 'subtract' | 'multiply' | 'divide' | 'power' | 'modulo';
  /** The second operand. Default 0.0. */
  operand?: number;
};

/** Computes item operation operand, or the operation that the item names. Runs in Rust and Python. */
export interface CalculatorNode extends NodeFields {
  node_type: 'CalculatorNode';
  params?: CalculatorNodeParams;
}

/** Params of FilterNode. */
export type FilterNodeParams = {
  /** The smallest number that is kept. Default 0.0. */
  min_value?: number;
};

/** Keeps numbers that are at least min_value. Runs in Rust and Python. */
export interface FilterNode extends NodeFields {
  node_type: 'FilterNode';
  params?: FilterNodeParams;
}

/** Params of ExpanderNode. */
export type ExpanderNodeParams = {
  /** How many times each item is given. At least 0; default 3. */
  expansion_factor?: number;
};

/** Repeats every item. Runs in Rust and Python. */
export interface ExpanderNode extends NodeFields {
  node_type: 'ExpanderNode';
  params?: ExpanderNodeParams;
}

/** Params of CounterNode. */
export type CounterNodeParams = {
  /** The first item gets the next number. Default 0. */
  initial_count?: number;
};

/** Gives each item with a count that goes on over the whole run. Runs in Rust and Python. */
export interface CounterNode extends NodeFields {
  node_type: 'CounterNode';
  params?: CounterNodeParams;
}

/** Params of BatcherNode. */
export type BatcherNodeParams = {
  /** How many items make a list. At least 1; default 3. */
  batch_size?: number;
  /** Whether the rest is given at the end of the stream. Default true. */
  partial?: boolean;
};

/** Gathers items into lists of equal length. Runs in Rust and Python. */
export interface BatcherNode extends NodeFields {
  node_type: 'BatcherNode';
  params?: BatcherNodeParams;
}

/** Params of RangeGeneratorNode. */
export type RangeGeneratorNodeParams = {
  /** The first number. Default 0.0. */
  start?: number;
  /** The numbers stop before this one. Default 10.0. */
  end?: number;
  /** The distance from one number to the next; negative to count down. Default 1.0. */
  step?: number;
};

/** Gives evenly spaced numbers, one for each tick. Runs in Rust and Python. */
export interface RangeGeneratorNode extends NodeFields {
  node_type: 'RangeGeneratorNode';
  params?: RangeGeneratorNodeParams;
}

/** Params of ZipNode. */
export type ZipNodeParams = {
  /** The names of the input ports. */
  ports: string[];
  /** Whether items without partners are given at the end of the stream. Default false. */
  partial?: boolean;
};

/** Joins the k-th items of its input ports into one map. Runs in Rust and Python. */
export interface ZipNode extends NodeFields {
  node_type: 'ZipNode';
  params: ZipNodeParams;
}

/** Params of TextProcessorNode. */
export type TextProcessorNodeParams = {
  /** What to do with items that name no operations themselves. Default ["uppercase"]. */
  operations?: ('uppercase' | 'lowercase' | 'title_case' | 'reverse' | 'word_count' | 'char_count' | 'remove_spaces' | 'first_word' | 'last_word')[];
};

/** Applies text operations, those of the item or else those of the params. Runs in Python. */
export interface TextProcessorNode extends NodeFields {
  node_type: 'TextProcessorNode';
  params?: TextProcessorNodeParams;
}

/** Params of DataTransformNode. */
export type DataTransformNodeParams = {
  /** double and increment take numbers, lists and tensors. Default "passthrough". */
  operation?: 'passthrough' | 'double' | 'increment';
};

/** Passes items through, doubles them or adds one. Runs in Python. */
export interface DataTransformNode extends NodeFields {
  node_type: 'DataTransformNode' | 'DataTransform';
  params?: DataTransformNodeParams;
}

/** Decodes the bytes of a WAV file. Runs in Rust and Python. */
export interface WavDecodeNode extends NodeFields {
  node_type: 'WavDecodeNode';
  params?: Record<string, never>;
}

/** Params of AudioResampleNode. */
export type AudioResampleNodeParams = {
  /** Rate of the output. In Hz. At least 1000 and at most 768000; default 16000. */
  target_sample_rate?: number;
  /** How steep the filter is. Default "high". */
  quality?: 'low' | 'medium' | 'high';
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
};

/** Changes the sample rate of audio; zero net delay. Runs in Rust and Python. */
export interface AudioResampleNode extends NodeFields {
  node_type: 'AudioResampleNode';
  params?: AudioResampleNodeParams;
}

/** Params of VADNode. */
export type VADNodeParams = {
  /** Length of a frame. In ms. More than 0; default 30.0. */
  frame_duration_ms?: number;
  /** RMS, full scale 1, above which a frame is speech. At least 0; default 0.02. */
  energy_threshold?: number;
  /** How long speech goes on after its last loud frame. In ms. At least 0; default 0.0. */
  hang_over_ms?: number;
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
};

/** Tells speech from silence by the energy of frames. Runs in Rust and Python. */
export interface VADNode extends NodeFields {
  node_type: 'VADNode';
  params?: VADNodeParams;
}

/** Params of SpeechSegmentsNode. */
export type SpeechSegmentsNodeParams = {
  /** Segments with a shorter gap between them are joined. In ms. At least 0; default 200.0. */
  min_gap_ms?: number;
};

/** Gathers VADNode's frames into segments of speech, given at the end of the stream. Runs in Python. */
export interface SpeechSegmentsNode extends NodeFields {
  node_type: 'SpeechSegmentsNode';
  params?: SpeechSegmentsNodeParams;
}

/** A node of a built-in type. */
export type BuiltInNode =
  | PassThroughNode
  | EchoNode
  | MultiplyNode
  | AddNode
  | CalculatorNode
  | FilterNode
  | ExpanderNode
  | CounterNode
  | BatcherNode
  | RangeGeneratorNode
  | ZipNode
  | TextProcessorNode
  | DataTransformNode
  | WavDecodeNode
  | AudioResampleNode
  | VADNode
  | SpeechSegmentsNode;

/** Any string, written so that editors offer the built-in types. */
export type AnyType = BuiltInNode['node_type'] | (string & Record<never, never>);

/** A node of any type, also of one of your own. */
export interface ManifestNode<Type extends string = string> extends NodeFields {
  /** Type of the node, or another name of the type. */
  node_type: Type;
  /** Params of the type. */
  params?: { [name: string]: Json };
}
