/**
 * A static file server for the site, as a plain host would serve it: right media types, ETags, no special headers.
 *
 *     node scripts/serve.mjs [--port 4173] [--base /] [FOLDER]
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const mediaTypes = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.rmpkg': 'application/zip',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.wav': 'audio/wav',
  '.whl': 'application/zip',
  '.zip': 'application/zip',
};

/**
 * Serves folders under URL paths, `{'/': 'dist/site'}`; the longest matching path wins. `headers` are added to every
 * response, `onRequest(file, size)` is told of every file sent. Resolves `{ url, close }`; port 0 takes a free one.
 */
export async function serve({ mounts, port = 0, headers = {}, onRequest = () => {} }) {
  const prefixes = Object.keys(mounts).sort((a, b) => b.length - a.length);
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      response.writeHead(500).end(String(error));
    });
  });

  async function answer(request, response) {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const prefix = prefixes.find((candidate) => path.startsWith(candidate));
    const file = prefix && (await fileAt(mounts[prefix], path.slice(prefix.length)));
    if (!file) return response.writeHead(404, headers).end('not found');
    const etag = `"${createHash('sha1').update(`${file.path} ${file.size} ${file.mtimeMs}`).digest('hex')}"`;
    const common = { ...headers, etag, 'cache-control': 'no-cache' };
    if (request.headers['if-none-match'] === etag) return response.writeHead(304, common).end();
    const type = mediaTypes[extname(file.path)] ?? 'application/octet-stream';
    response.writeHead(200, { ...common, 'content-type': type, 'content-length': file.size });
    onRequest(file.path, file.size);
    if (request.method === 'HEAD') return response.end();
    createReadStream(file.path).pipe(response);
  }

  await new Promise((listening, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', listening);
  });
  return {
    url: `http://localhost:${server.address().port}`,
    close: () =>
      new Promise((closed) => {
        server.close(closed);
        server.closeAllConnections();
      }),
  };
}

/** The file a path names inside a folder, or null: nothing outside the folder is ever read. */
async function fileAt(folder, path) {
  const root = resolve(folder);
  let file = join(root, normalize(`/${path}`));
  if (file !== root && !file.startsWith(root + sep)) return null;
  let info = await stat(file).catch(() => null);
  if (info?.isDirectory()) {
    file = join(file, 'index.html');
    info = await stat(file).catch(() => null);
  }
  return info?.isFile() ? { path: file, size: info.size, mtimeMs: info.mtimeMs } : null;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { port: { type: 'string', default: '4173' }, base: { type: 'string', default: '/' } },
  });
  const folder = positionals[0] ?? 'dist/site';
  const { url } = await serve({ mounts: { [values.base]: folder }, port: Number(values.port) });
  console.log(`${folder} is served at ${url}${values.base}`);
}
