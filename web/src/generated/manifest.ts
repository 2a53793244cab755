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
  /** What a bundle may do beside computing; loaders check it. */
  capabilities?: { [key: string]: Json };
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

/** Params of WavDecodeNode. */
export type WavDecodeNodeParams = {
  /** Whether the items are consecutive portions of one file, not a file each. Default false. */
  streaming?: boolean;
};

/** Decodes the bytes of WAV files. Runs in Rust and Python. */
export interface WavDecodeNode extends NodeFields {
  node_type: 'WavDecodeNode';
  params?: WavDecodeNodeParams;
}

/** Params of AudioChannelsNode. */
export type AudioChannelsNodeParams = {
  /** Number of channels of the output. At least 1 and at most 256; default 1. */
  channels?: number;
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
};

/** Mixes audio down or up to a number of channels. Runs in Rust and Python. */
export interface AudioChannelsNode extends NodeFields {
  node_type: 'AudioChannelsNode';
  params?: AudioChannelsNodeParams;
}

/** Params of FormatConverterNode. */
export type FormatConverterNodeParams = {
  /** f32 gives audio, i16 and i32 give tensors, channels x frames. Default "f32". */
  target_format?: 'f32' | 'i16' | 'i32';
  /** Rate of bare tensors and lists; needed for f32 only. In Hz. At least 1. */
  input_sample_rate?: number;
};

/** Turns audio into tensors of integer PCM, and back. Runs in Rust and Python. */
export interface FormatConverterNode extends NodeFields {
  node_type: 'FormatConverterNode';
  params?: FormatConverterNodeParams;
}

/** Params of AudioChunkerNode. */
export type AudioChunkerNodeParams = {
  /** Length of a chunk. In frames. At least 1 and at most 16777216; default 512. */
  chunk_size?: number;
  /**
   * From the start of one chunk to the start of the next; chunk_size if absent. In frames. At least 1
   * and at most 16777216.
   */
  hop?: number;
  /** Whether the last chunk is filled up with zeros; else the rest is dropped. Default true. */
  pad?: boolean;
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
};

/** Cuts a stream of audio into chunks of the same length. Runs in Rust and Python. */
export interface AudioChunkerNode extends NodeFields {
  node_type: 'AudioChunkerNode';
  params?: AudioChunkerNodeParams;
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
  /** RMS above which speech lasts once it has begun; energy_threshold if absent. At least 0. */
  release_threshold?: number;
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

/** Params of WavEncodeNode. */
export type WavEncodeNodeParams = {
  /** How a sample is written. Default "pcm16". */
  format?: 'pcm8' | 'pcm16' | 'pcm24' | 'pcm32' | 'float32' | 'float64';
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
};

/** Writes a stream of audio as one WAV file. Runs in Rust. */
export interface WavEncodeNode extends NodeFields {
  node_type: 'WavEncodeNode';
  params?: WavEncodeNodeParams;
}

/** Params of GainNode. */
export type GainNodeParams = {
  /** Gain; an item {audio, gain_db} sets a new one. In dB. At least -200 and at most 200; default 0. */
  gain_db?: number;
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
  /** How long it takes from the gain so far to a new one. In ms. At least 0; default 10. */
  ramp_ms?: number;
};

/** Makes audio louder or quieter; a new gain is reached in a ramp. Runs in Rust. */
export interface GainNode extends NodeFields {
  node_type: 'GainNode';
  params?: GainNodeParams;
}

/** Params of AudioLevelNode. */
export type AudioLevelNodeParams = {
  /** Levels below this, and silence, are given as this. In dB. At most 0; default -120. */
  floor_db?: number;
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
};

/** Measures RMS and peak of every channel. Runs in Rust. */
export interface AudioLevelNode extends NodeFields {
  node_type: 'AudioLevelNode';
  params?: AudioLevelNodeParams;
}

/** Params of NormalizeNode. */
export type NormalizeNodeParams = {
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
  /** What is brought to target_db: the greatest magnitude, or the RMS of all channels. Default "peak". */
  mode?: 'peak' | 'rms';
  /** Level of the output; full scale is 0. In dB. At least -200 and at most 200; default -1. */
  target_db?: number;
};

/** Brings each item to a peak or RMS. Runs in Rust. */
export interface NormalizeNode extends NodeFields {
  node_type: 'NormalizeNode';
  params?: NormalizeNodeParams;
}

/** Params of BiquadFilterNode. */
export type BiquadFilterNodeParams = {
  /** What the filter does; formulas of the Audio EQ Cookbook. Default "lowpass". */
  filter_type?: 'lowpass' | 'highpass' | 'bandpass' | 'notch' | 'peaking' | 'lowshelf' | 'highshelf';
  /**
   * Corner, centre or middle of the slope; below half the sample rate. In Hz. More than 0; default 1000.
   */
  frequency?: number;
  /** Gain of peaking, lowshelf and highshelf. In dB. At least -200 and at most 200; default 0. */
  gain_db?: number;
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
  /**
   * How sharp the filter is; the default is maximally flat. More than 0 and at most 1000; default
   * 0.7071067811865476.
   */
  q?: number;
};

/** Filters audio with a second-order filter. Runs in Rust. */
export interface BiquadFilterNode extends NodeFields {
  node_type: 'BiquadFilterNode';
  params?: BiquadFilterNodeParams;
}

/** Params of SilenceDetectorNode. */
export type SilenceDetectorNodeParams = {
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
  /** How long all channels must be quiet to be silent. In ms. At least 0; default 500. */
  min_duration_ms?: number;
  /** Samples below this are quiet; full scale is 0. In dB. At least -200 and at most 0; default -50. */
  threshold_db?: number;
};

/** Finds where audio is silent. Runs in Rust. */
export interface SilenceDetectorNode extends NodeFields {
  node_type: 'SilenceDetectorNode';
  params?: SilenceDetectorNodeParams;
}

/** Params of ClippingDetectorNode. */
export type ClippingDetectorNodeParams = {
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
  /**
   * How many such samples must follow each other. In samples. At least 1 and at most 4294967295; default
   * 3.
   */
  min_run?: number;
  /** Magnitude from which on a sample may be clipped; full scale is 1. More than 0; default 0.99. */
  threshold?: number;
};

/** Finds where audio is cut off at full scale. Runs in Rust. */
export interface ClippingDetectorNode extends NodeFields {
  node_type: 'ClippingDetectorNode';
  params?: ClippingDetectorNodeParams;
}

/** Params of SpectralVADNode. */
export type SpectralVADNodeParams = {
  /** Length of a frame. In ms. At least 10 and at most 100; default 30. */
  frame_duration_ms?: number;
  /** How long speech goes on after its last such frame. In ms. At least 0; default 150. */
  hang_over_ms?: number;
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
  /** How many times the usual ratio of the noise it must be, too. At least 0; default 3. */
  noise_factor?: number;
  /**
   * The part of these above which speech lasts once it has begun. At least 0 and at most 1; default 0.3.
   */
  release?: number;
  /** Least mean log-likelihood ratio with which speech begins. More than 0; default 0.3. */
  threshold?: number;
};

/** Marks the frames whose spectrum stands out of the noise as speech does. Runs in Rust. */
export interface SpectralVADNode extends NodeFields {
  node_type: 'SpectralVADNode';
  params?: SpectralVADNodeParams;
}

/** Params of SpectrogramNode. */
export type SpectrogramNodeParams = {
  /**
   * Whether frame k is centred on sample k times hop_length, the signal mirrored at its ends. Default
   * true.
   */
  centered?: boolean;
  /**
   * From the start of one frame to the start of the next. In samples. At least 1 and at most 1000000;
   * default 160.
   */
  hop_length?: number;
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
  /**
   * Length of a frame, an even product of 2, 3, 5 and 7. In samples. At least 2 and at most 32768;
   * default 512.
   */
  n_fft?: number;
  /** Of the values. Default "power". */
  scale?: 'power' | 'magnitude' | 'decibels';
  /** What a frame is multiplied by. Default "hann". */
  window?: 'hann' | 'rectangular';
};

/** Gives the power of overlapping frames at each frequency. Runs in Rust. */
export interface SpectrogramNode extends NodeFields {
  node_type: 'SpectrogramNode';
  params?: SpectrogramNodeParams;
}

/** Params of LogMelNode. */
export type LogMelNodeParams = {
  /**
   * From the start of one frame to the start of the next. In samples. At least 1 and at most 1000000;
   * default 160.
   */
  hop_length?: number;
  /** Rate of bare tensors and lists. In Hz. At least 1. */
  input_sample_rate?: number;
  /**
   * Length of a frame, an even product of 2, 3, 5 and 7. In samples. At least 2 and at most 32768;
   * default 400.
   */
  n_fft?: number;
  /** Number of mel bands; 128 for Whisper large-v3. At least 1 and at most 1024; default 80. */
  n_mels?: number;
  /**
   * What the loudest value is taken over: the whole stream, given at its end; each item by itself; or
   * what came so far, given at once. Default "stream".
   */
  reference?: 'stream' | 'item' | 'running';
  /** Rate that the audio must have. In Hz. At least 1 and at most 768000; default 16000. */
  sample_rate?: number;
};

/** Gives the log-mel spectrogram that Whisper takes. Runs in Rust. */
export interface LogMelNode extends NodeFields {
  node_type: 'LogMelNode';
  params?: LogMelNodeParams;
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
  | AudioChannelsNode
  | FormatConverterNode
  | AudioChunkerNode
  | AudioResampleNode
  | VADNode
  | SpeechSegmentsNode
  | WavEncodeNode
  | GainNode
  | AudioLevelNode
  | NormalizeNode
  | BiquadFilterNode
  | SilenceDetectorNode
  | ClippingDetectorNode
  | SpectralVADNode
  | SpectrogramNode
  | LogMelNode;

/** Any string, written so that editors offer the built-in types. */
export type AnyType = BuiltInNode['node_type'] | (string & Record<never, never>);

/** A node of any type, also of one of your own. */
export interface ManifestNode<Type extends string = string> extends NodeFields {
  /** Type of the node, or another name of the type. */
  node_type: Type;
  /** Params of the type. */
  params?: { [name: string]: Json };
}
