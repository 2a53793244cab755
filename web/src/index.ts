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
export {
  type JsNode,
  type JsNodeClass,
  type JsNodeFactory,
  Out,
  type Output,
  type Outputs,
} from './js-node.js';
export type {
  CatalogEntry,
  Connection,
  GraphInfo,
  Input,
  Json,
  Manifest,
  ManifestNode,
  RuntimeHint,
} from './manifest.js';
export type { CrossingMetrics, LoadMetrics, Metrics, NodeMetrics, ProgressEvent } from './metrics.js';
export {
  type LoadedPackage,
  type LoadOptions,
  PackageLoader,
  type PackageSource,
  type PackageWarning,
} from './package-loader.js';
export {
  type ExecuteOptions,
  PipelineRunner,
  type PipelineSource,
  type RunnerOptions,
} from './pipeline-runner.js';
export type { ExecuteResult } from './run-result.js';
export { fromJson, toJson } from './value-json.js';
export { Audio, type DType, Tensor, type Value } from './values.js';
export { version } from './version.js';
export type { ZipLimits } from './zip-reader.js';
