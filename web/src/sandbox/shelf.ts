/**
 * Gives a sandbox the files of the runtimes, which it cannot fetch. Whatever it asks for beside them is refused, so that
 * nothing leaves it in an address.
 */
import type { EngineAssets } from '../worker/protocol.js';
import type { FromShelf, ToShelf } from './messages.js';

/** The part of `pyodide-lock.json` that is used. */
interface LockFile {
  readonly packages: Readonly<Record<string, { readonly file_name: string; readonly sha256: string }>>;
}

const lockName = 'pyodide-lock.json';
const runtimeFiles = ['pyodide.asm.wasm', 'python_stdlib.zip', lockName];
const ownPackage = 'remotemedia';

/** The files, each fetched once if that succeeds. They begin to come at once: there is no sandbox without Python. */
export class Shelf {
  private readonly files = new Map<string, Promise<Blob>>();
  private readonly stop = new AbortController();
  private readonly folder: string;
  /** URLs that are always there. */
  private readonly fixed: ReadonlySet<string>;
  /** URLs of wheels in the lock file, and their hashes; null before it has been read. */
  private wheels: Promise<ReadonlyMap<string, string>> | null = null;

  constructor({ wasm, pyodide, packages = {} }: EngineAssets) {
    this.folder = pyodide;
    const own = [wasm, ...runtimeFiles.map((name) => pyodide + name)];
    this.fixed = new Set([...own, ...Object.values(packages)]);
    for (const url of own) void this.fetched(url);
    // Told to whoever asks for a wheel.
    this.lock().catch(() => {});
  }

  /** Answers a sandbox's requests. */
  serve(port: MessagePort, hello: (version: string) => void): void {
    port.onmessage = async ({ data }: MessageEvent<ToShelf>) => {
      // What runs inside may send anything.
      if (data?.type === 'hello') return hello(data.version);
      port.postMessage(await this.answer(String(data?.url)));
    };
  }

  /** Fetches a file for the page itself. */
  download(url: string, init: RequestInit = {}): Promise<Blob> {
    return fetchBlob(url, { ...init, signal: this.stop.signal });
  }

  /** Ends what is being fetched. */
  close(): void {
    this.stop.abort();
  }

  private async answer(url: string): Promise<FromShelf> {
    try {
      return { url, content: await this.find(url) };
    } catch (error) {
      return { url, problem: error instanceof Error ? error.message : String(error) };
    }
  }

  private async find(url: string): Promise<Blob> {
    if (this.fixed.has(url)) return this.fetched(url);
    const hash = (await this.lock()).get(url);
    if (hash === undefined) throw new Error(`${url} is no file of the runtimes`);
    return this.fetched(url, hash);
  }

  private fetched(url: string, hash?: string): Promise<Blob> {
    const known = this.files.get(url);
    if (known) return known;
    const content = this.download(url, hash === undefined ? {} : { integrity: integrityOf(hash) });
    this.files.set(url, content);
    content.catch(() => this.files.delete(url)); // the next to ask tries again
    return content;
  }

  private lock(): Promise<ReadonlyMap<string, string>> {
    this.wheels ??= this.readLock().catch((error: unknown) => {
      this.wheels = null;
      throw error;
    });
    return this.wheels;
  }

  private async readLock(): Promise<ReadonlyMap<string, string>> {
    const lock = JSON.parse(await (await this.fetched(this.folder + lockName)).text()) as LockFile;
    const urlOf = (name: string) => this.folder + name;
    const own = lock.packages[ownPackage];
    if (own) void this.fetched(urlOf(own.file_name), own.sha256);
    return new Map(Object.values(lock.packages).map(({ file_name, sha256 }) => [urlOf(file_name), sha256]));
  }
}

async function fetchBlob(url: string, init: RequestInit): Promise<Blob> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url}: HTTP status ${response.status}`);
  return response.blob();
}

/** A hash in hexadecimal as `fetch` takes it. */
function integrityOf(hex: string): string {
  const bytes = hex.match(/../g) ?? [];
  return `sha256-${btoa(bytes.map((byte) => String.fromCharCode(Number.parseInt(byte, 16))).join(''))}`;
}
