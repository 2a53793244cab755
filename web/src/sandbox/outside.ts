/** What of the outside remains: the runtimes' files, which the page hands in, and the origins that were granted. */
import { kept } from './globals.js';
import type { FromShelf, ToShelf } from './messages.js';

/** Takes the place of `fetch`. */
export class Outside {
  private readonly port: MessagePort;
  private readonly network: readonly string[];
  private readonly waiting = new Map<string, ((reply: FromShelf) => void)[]>();

  constructor(port: MessagePort, network: readonly string[]) {
    this.port = port;
    this.network = network;
    port.onmessage = ({ data }: MessageEvent<FromShelf>) => {
      const waiting = this.waiting.get(data.url) ?? [];
      this.waiting.delete(data.url);
      for (const tell of waiting) tell(data);
    };
  }

  /** A file of the runtimes, by its URL. Rejects with what is wrong with it. */
  async file(url: string): Promise<Response> {
    const reply = await new Promise<FromShelf>((resolve) => {
      const waiting = this.waiting.get(url);
      if (waiting) waiting.push(resolve);
      else {
        this.waiting.set(url, [resolve]);
        this.port.postMessage({ type: 'fetch', url } satisfies ToShelf);
      }
    });
    if ('problem' in reply) throw new Error(reply.problem);
    const { content } = reply;
    const type = url.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream';
    const headers = { 'content-type': type, 'content-length': String(content.size) };
    return new kept.Response(content, { headers });
  }

  /** As `fetch`, to the origins that were granted. */
  async request(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new kept.Request(input, init);
    const { origin } = new URL(request.url);
    if (!this.network.includes(origin)) throw new Error(refusal(origin, this.network));
    return kept.fetch(request);
  }
}

function refusal(origin: string, network: readonly string[]): string {
  if (network.length === 0) return 'a bundle that is not trusted may not use the network';
  return `the bundle may not reach ${origin}, only ${network.join(', ')}`;
}
