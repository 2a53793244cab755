/** Node types that the caller registers. */
import { pageUrl } from './assets.js';
import { RuntimeLoadError } from './errors.js';
import { jsCatalogEntry } from './js-catalog.js';
import type { JsNodeClass, JsNodeFactory } from './js-node.js';
import type { CatalogEntry } from './manifest.js';
import type { PageNodes } from './worker/page-nodes.js';
import type { Job, PageCall, PageReply } from './worker/protocol.js';
import type { Realm } from './worker/realm.js';

type PageNode = { factory: JsNodeFactory | JsNodeClass; catalog: Partial<CatalogEntry> };

/** The registered nodes of a runner, and those that run on the caller's thread. */
export class OwnNodes {
  private readonly functions = new Map<string, PageNode>();
  private readonly modules = new Map<string, string>();
  private host: Promise<PageNodes> | null = null;

  /** The last registration of a type counts. */
  register(
    type: string,
    node: JsNodeFactory | JsNodeClass | URL | string,
    catalog: Partial<CatalogEntry>,
  ): void {
    this.functions.delete(type);
    this.modules.delete(type);
    if (typeof node === 'function') this.functions.set(type, { factory: node, catalog });
    else this.modules.set(type, new URL(node, pageUrl()).href);
  }

  /** What an engine of the realm is told of them. */
  forJob({ sandbox }: Realm): Pick<Job, 'pageNodes' | 'nodeModules'> {
    // A sandbox can import none, and code that nobody vouches for is to find none beside it.
    const modules = sandbox ? [] : [...this.modules];
    return {
      pageNodes: [...this.functions].map(([type, { catalog }]) => jsCatalogEntry(type, catalog)),
      nodeModules: modules.map(([type, url]) => ({ type, url })),
    };
  }

  /** Answers an engine that runs nodes here. Never rejects. */
  async answer(call: PageCall): Promise<PageReply> {
    this.host ??= import('./worker/page-nodes.js').then(
      ({ PageNodes: Host }) => new Host((type) => this.functions.get(type)?.factory),
    );
    try {
      return await (await this.host).answer(call);
    } catch (error) {
      this.host = null; // to be loaded again
      const failure = new RuntimeLoadError(`nodes of this page cannot run: ${String(error)}`, {
        cause: error,
      });
      return { op: 'failed', error: failure.toJSON() };
    }
  }

  /** Closes what a run has left open here. */
  async closeAll(): Promise<void> {
    if (this.host) await (await this.host.catch(() => null))?.closeAll();
  }
}
