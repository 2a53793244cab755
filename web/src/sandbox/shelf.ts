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
const ownPackage = 'remotemedia';

/** The files, each fetched once. Python's begin to come at once: there is no sandbox without Python. */
export class Shelf {
  private readonly files = new Map<string, Promise<Blob>>();
  private readonly stop = new AbortController();
  /** Names of wheels and their hashes. */
  private readonly wheels: Promise<ReadonlyMap<string, string>>;

  /** URLs of wheels that the page names. */
  private readonly named: ReadonlySet<string>;

  constructor(assets: EngineAssets) {
    const { wasm, pyodide, packages = {} } = assets;
    this.named = new Set(Object.values(packages));
    for (const url of [
      wasm,
      ...['pyodide.asm.wasm', 'python_stdlib.zip', lockName].map((name) => pyodide + name),
    ])
      this.files.set(url, this.download(url));
    this.wheels = this.readLock(pyodide);
    // Told to whoever asks for a wheel.
    this.wheels.catch(() => {});
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
    const content = fetchBlob(url, { ...init, signal: this.stop.signal });
    content.catch(() => {});
    return content;
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
    const known = this.files.get(url);
    if (known) return known;
    const hash = this.named.has(url) ? null : (await this.wheels).get(url);
    if (hash === undefined) throw new Error(`${url} is no file of the runtimes`);
    const init = hash === null ? {} : { integrity: integrityOf(hash) };
    const content = this.files.get(url) ?? this.download(url, init);
    this.files.set(url, content);
    return content;
  }

  private async readLock(folder: string): Promise<ReadonlyMap<string, string>> {
    const lock = JSON.parse(await (await this.find(folder + lockName)).text()) as LockFile;
    const wheels = new Map(
      Object.values(lock.packages).map(({ file_name, sha256 }) => [folder + file_name, sha256]),
    );
    const own = lock.packages[ownPackage];
    if (own) {
      const url = folder + own.file_name;
      this.files.set(url, this.download(url, { integrity: integrityOf(own.sha256) }));
    }
    return wheels;
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
