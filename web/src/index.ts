/** Runs media pipelines of Rust, Python and JavaScript nodes in browsers and Node.js. */
export type { AssetUrls } from './assets.js';
export {
  CancelledError,
  CapabilityError,
  CircuitOpenError,
  ClosedError,
  type Issue,
  ManifestError,
  NodeError,
  NodeTimeoutError,
  PackageError,
  PacketError,
  RemoteMediaError,
  RuntimeLoadError,
  type WireError,
} from './errors.js';
export type * from './generated/manifest.js';
export type { AnyInput, InputOptions, LivePolicy, StreamInput } from './input.js';
export {
  type JsNode,
  type JsNodeClass,
  type JsNodeFactory,
  Out,
  type Output,
  type Outputs,
} from './js-node.js';
export type { CatalogEntry, GraphInfo, Input, Json } from './manifest.js';
export type { PipelineSource } from './manifest-text.js';
export type { CrossingMetrics, LoadMetrics, Metrics, NodeMetrics, ProgressEvent } from './metrics.js';
export {
  type BundleCatalog,
  type BundleEntry,
  type Capabilities,
  type LoadedPackage,
  type LoadOptions,
  PackageLoader,
  type PackageSource,
  type PackageWarning,
  type Trust,
} from './package-loader.js';
export { PipelineRunner } from './pipeline-runner.js';
export { PipelineStream, type StreamBatch, type StreamItem } from './pipeline-stream.js';
export type { ExecuteResult, RunReport } from './run-result.js';
export type { ExecuteOptions, RunnerOptions, StreamOptions } from './runner-options.js';
export type { Trace, TraceEvent } from './trace.js';
export { fromJson, toJson } from './value-json.js';
export { Audio, type DType, Tensor, type Value } from './values.js';
export { version } from './version.js';
export type { Untrusted } from './worker/admission.js';
export type { ZipLimits } from './zip-directory.js';
