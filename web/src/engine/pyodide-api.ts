/** The part of Pyodide that this library uses. Pyodide itself comes from the assets folder, not from a bundle. */

/** `pyodide.mjs`. */
export interface PyodideModule {
  readonly loadPyodide: LoadPyodide;
}

/** Starts Python. */
export type LoadPyodide = (options: PyodideOptions) => Promise<Pyodide>;

export interface PyodideOptions {
  readonly indexURL: string;
  /** Where packages are. */
  readonly packageBaseUrl: string;
  readonly packages: string[];
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** The default export of `pyodide.asm.mjs`, where that cannot be imported. */
  readonly createPyodideModule?: unknown;
  /** What Python finds in its module `js`. */
  readonly jsglobals?: object;
}

/** A running Python. */
export interface Pyodide {
  loadPackage(names: string[], options?: PackageCallbacks): Promise<unknown>;
  /** Where each package that is there came from. */
  readonly loadedPackages: Readonly<Record<string, string>>;
  readonly FS: PyodideFiles;
  pyimport(name: 'remotemedia._hosts.pyodide'): PyProxy & { connect(enter: EnterHandle): HostProxy };
  pyimport(name: 'remotemedia._hosts.sandbox'): PyProxy & { confine(network: boolean): void };
  /** A 2 that is written there raises KeyboardInterrupt in the Python code that runs. */
  setInterruptBuffer(buffer: Uint8Array): void;
}

/** Python's file system, which is memory. */
export interface PyodideFiles {
  /** A folder and those that it lies in. */
  mkdirTree(path: string): void;
  /** With `canOwn` the file is `content` itself, without a copy. */
  writeFile(path: string, content: Uint8Array, options: { canOwn: boolean }): void;
}

/** Called before a call of a node with a deadline. */
export type EnterHandle = (handle: number, order: number, round: number) => void;

export interface PackageCallbacks {
  messageCallback?: (message: string) => void;
  errorCallback?: (message: string) => void;
}

/** A Python object held from JavaScript until it is destroyed. */
export interface PyProxy {
  destroy(): void;
}

/** A call that a segment answers with the length of the result in the arena. */
export type StepCall = PyProxy & ((handle: number, ...rest: unknown[]) => number);
export type AsyncStepCall = PyProxy & ((handle: number, ...rest: unknown[]) => PromiseLike<number> & PyProxy);

/** `remotemedia._hosts.pyodide.PyodideHost`. Reading a method makes a proxy, so they are read once. */
export interface HostProxy extends PyProxy {
  readonly open: PyProxy & ((segment: string) => number);
  readonly run: StepCall;
  readonly resume: StepCall;
  readonly flush: StepCall;
  readonly run_async: AsyncStepCall;
  readonly resume_async: AsyncStepCall;
  readonly flush_async: AsyncStepCall;
  readonly is_async: PyProxy & ((handle: number) => boolean);
  readonly metrics: PyProxy & ((handle: number) => string);
  readonly close: PyProxy & ((handle: number) => number);
  /** Returns 0 with the error in the arena. */
  readonly add_bundle: PyProxy & ((root: string, id: string, catalog: string) => number);
  readonly arena: PyProxy & (() => BufferSource);
}

/** A Python object with a buffer. */
export interface BufferSource extends PyProxy {
  getBuffer(type: 'u8'): BufferView;
}

/** A view of Python's memory. */
export interface BufferView {
  readonly data: Uint8Array;
  release(): void;
}
