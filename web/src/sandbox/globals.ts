/**
 * Empties the worker's global scope, before anything else runs in it: what is not named here goes. The content security
 * policy of the frame is what holds; without these globals attempts fail early and say why.
 */

/** What the engine needs of what goes. */
export const kept = {
  fetch: globalThis.fetch.bind(globalThis),
  Request: globalThis.Request,
  Response: globalThis.Response,
  Headers: globalThis.Headers,
  XMLHttpRequest: globalThis.XMLHttpRequest,
};

const language = `AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean
  DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity
  Int16Array Int32Array Int8Array Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError
  Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol SyntaxError TypeError URIError Uint16Array Uint32Array
  Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly decodeURI decodeURIComponent encodeURI
  encodeURIComponent escape globalThis isFinite isNaN parseFloat parseInt undefined unescape`;

/** Nothing of this reaches beyond the worker but by a port that it is given. */
const scope = `AbortController AbortSignal Blob DOMException DedicatedWorkerGlobalScope Event EventTarget MessageChannel
  TextDecoder TextEncoder URL URLSearchParams WorkerGlobalScope atob btoa clearInterval clearTimeout console constructor
  crypto location performance queueMicrotask self setInterval setTimeout structuredClone`;

/** What would reach out is not only gone: whoever calls it is told why. */
const outward = `BroadcastChannel EventSource SharedWorker WebSocket WebSocketStream WebTransport Worker XMLHttpRequest
  importScripts`;

const stays = new Set(`${language} ${scope}`.split(/\s+/));

let from: object | null = globalThis;
while (from && from !== Object.prototype) {
  const holder: object = from;
  for (const name of Reflect.ownKeys(holder)) {
    if (typeof name === 'symbol' || stays.has(name) || holder === EventTarget.prototype) continue;
    // Where it cannot be deleted it can perhaps be emptied.
    if (!Reflect.deleteProperty(holder, name)) Reflect.defineProperty(holder, name, { value: undefined });
  }
  from = Reflect.getPrototypeOf(holder);
}
for (const name of outward.split(/\s+/)) {
  const refuse = () => {
    throw new Error(`${name}: a bundle that is not trusted may not use the network`);
  };
  // Not an arrow function, so that \`new\` comes to the same.
  Reflect.defineProperty(globalThis, name, {
    value: function refused() {
      refuse();
    },
  });
}
// Python asks what browser this is.
Reflect.defineProperty(globalThis, 'navigator', { value: Object.freeze({ userAgent: '', language: 'en' }) });
