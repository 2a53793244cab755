/** Servers that note every request, at a page's own origin and at a foreign one. */
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '../../../scripts/serve.mjs';

/** A server and the requests that it got, as `METHOD /path`. */
export interface Recorder {
  readonly url: string;
  readonly requests: string[];
  close(): Promise<void>;
}

/** Requests of this path are attempts to get out; every server answers them. */
export const marker = 'egress-';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function record(otherwise: Answer): Promise<Recorder> {
  const requests: string[] = [];
  const note = ({ method, url }: IncomingMessage) => requests.push(`${method} ${url}`);
  const server = createServer((request, response) => {
    note(request);
    if (!request.url?.includes(marker)) return otherwise(request, response);
    response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/javascript' });
    response.end('/* out */');
  });
  server.on('upgrade', (request, socket) => {
    note(request);
    socket.destroy();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });
  return { url: `http://localhost:${port}`, requests, close };
}

/** A server of nothing else. */
export function foreignServer(): Promise<Recorder> {
  return record((_request, response) => response.writeHead(404).end());
}

/** Serves an empty page that embeds the library at `/app/`; `headers` go with every file. */
export async function pageServer(headers: Record<string, string> = {}): Promise<Recorder> {
  const files = await serve({
    headers,
    mounts: {
      '/app/lib/': 'dist/lib',
      '/app/remotemedia/': 'dist/remotemedia',
      '/app/': 'tests/e2e/sandbox/page',
    },
  });
  const recorder = await record((request, response) => {
    const { method, headers: sent } = request;
    const asking = forward(files.url + request.url, { method, headers: sent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asking.on('error', () => response.destroy()); // the servers have been closed
    asking.end();
  });
  return {
    ...recorder,
    async close() {
      await recorder.close();
      await files.close();
    },
  };
}
