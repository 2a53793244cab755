// Takes the place of the sandbox's script: all that JavaScript could try if it ran in the frame's worker, with nothing
// taken away from it. What each attempt came to goes out as if nodes had printed it.
const attempts = {
  fetch: (url) => fetch(url, { mode: 'no-cors' }),
  xhr(url) {
    const request = new XMLHttpRequest();
    request.open('GET', url, false);
    request.send();
  },
  webSocket: (url) => opened(new WebSocket(url.replace('http', 'ws'))),
  webSocketStream: (url) => new WebSocketStream(url.replace('http', 'ws')).opened,
  eventSource: (url) => opened(new EventSource(url)),
  webTransport: (url) => new WebTransport(url.replace('http:', 'https:')).ready,
  importScripts: (url) => importScripts(url),
  dynamicImport: (url) => import(url),
  importData: (url) => import(`data:text/javascript,await fetch('${url}')`),
  importBlob: (url) => import(blob(`await fetch('${url}')`)),
  eval: (url) => (0, eval)(`fetch('${url}')`),
  constructor: (url) => (() => {}).constructor('url', 'return fetch(url)')(url),
  worker: (url) => opened(new Worker(url)),
  moduleWorker: (url) => opened(new Worker(url, { type: 'module' })),
  // Runs, and is under the same policy.
  nestedWorker: (url) =>
    told(new Worker(blob(`fetch('${url}').then(() => postMessage('out'), (e) => postMessage(String(e)))`))),
  nestedImport: (url) =>
    told(new Worker(blob(`try { importScripts('${url}'); postMessage('out') } catch (e) { postMessage(String(e)) }`))),
  sharedWorker: (url) => new SharedWorker(url),
  beacon: (url) => navigator.sendBeacon(url),
  font: (url) => new FontFace('out', `url(${url})`).load(),
  compileStreaming: (url) => WebAssembly.compileStreaming(fetch(url)),
  image: (url) => createImageBitmap(url),
  cache: async (url) => (await caches.open('out')).add(url),
  indexedDb: () => opened(indexedDB.open('out')),
  fileSystem: () => navigator.storage.getDirectory(),
  serviceWorker: (url) => navigator.serviceWorker.register(url),
  backgroundFetch: (url) => registration.backgroundFetch.fetch('out', url),
  peer: (url) => new RTCPeerConnection({ iceServers: [{ urls: url.replace('http://', 'stun:') }] }),
  navigate(url) {
    location.href = url;
    return new Promise(() => {});
  },
  prefetch: (url) => document.head.append(Object.assign(document.createElement('link'), { rel: 'prefetch', href: url })),
  report: (url) => new Request(url).text().then(() => fetch('about:blank', { headers: { 'report-to': url } })),
};

function blob(code) {
  return URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
}

function opened(target) {
  return new Promise((resolve, reject) => {
    for (const type of ['open', 'success', 'message']) target.addEventListener(type, () => resolve(type));
    target.addEventListener('error', (event) => reject(new Error(`error event: ${event.message}`)));
  });
}

function told(worker) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data === 'out' ? resolve(data) : reject(new Error(data)));
    worker.onerror = ({ message }) => reject(new Error(message));
  });
}

async function soon(attempt, url) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('nothing came of it')), 2000));
  return Promise.race([attempt(url), late]);
}

onmessage = async ({ ports: [port] }) => {
  port.onmessage = async ({ data }) => {
    if (data.type !== 'start') return;
    const urls = JSON.parse(JSON.parse(data.job.manifest).metadata.description);
    for (const url of urls) {
      for (const [name, attempt] of Object.entries(attempts)) {
        let result;
        try {
          result = { attempt: name, value: String(await soon(attempt, `${url}${name}`)) };
        } catch (error) {
          result = { attempt: name, raised: String(error) };
        }
        port.postMessage({ type: 'output', stream: 'stdout', text: JSON.stringify(result) });
      }
    }
    // Messages of other shapes are no way out either.
    port.postMessage(null);
  };
};
