/**
 * The page's side of a sandbox: a frame of an origin of its own, whose content security policy lets nothing out, and in it
 * a worker. The frame runs one constant script, which the policy names by its hash (docs/security.md).
 */
import { CapabilityError, RuntimeLoadError } from '../errors.js';

/**
 * All that the frame's document does: make a worker of what the page sends, hand it the ports, tell what becomes of it, and
 * answer the page for as long as it is there. It never listens to the worker. A change changes the hash, which pages with a
 * policy of their own have to name.
 */
export const frameScript = `
onmessage = ({ data, ports, source }) => {
  if (source !== parent) return;
  onmessage = null;
  const [control, ...rest] = ports;
  control.onmessage = () => control.postMessage(null);
  try {
    const worker = new Worker(URL.createObjectURL(data.code));
    worker.onerror = ({ message }) => control.postMessage(message ?? '');
    worker.postMessage(data.network, rest);
    control.postMessage(null);
  } catch {
    control.postMessage('');
  }
};
`;

/** The hash of {@link frameScript} as content security policies write it. */
export const frameScriptHash = 'sha256-EUgiTytBp4oOVT+zDUustIQERFo8JFOi14sbcuusbJc=';

/** Time between two questions whether the frame is still there, in milliseconds. */
const beatMs = 500;
/** Questions without an answer. Its thread does nothing else, so it answers at once if it has not crashed. */
const mostUnanswered = 20;

const origin = /^https?:\/\/[a-z0-9.-]+(:\d+)?$/;

/** What the worker gets. */
export interface FrameContent {
  /** The worker's script. */
  readonly code: Promise<Blob>;
  /** Origins that it may reach. */
  readonly network: readonly string[];
  readonly ports: readonly MessagePort[];
}

/** The document of the frame. Throws CapabilityError if `network` holds anything but origins. */
export function frameDocument(network: readonly string[]): string {
  const wrong = network.find((entry) => !origin.test(entry));
  if (wrong !== undefined)
    throw new CapabilityError(`${JSON.stringify(wrong)} is no origin`, { code: 'bad_capability' });
  const policy = [
    "default-src 'none'",
    `script-src '${frameScriptHash}' 'wasm-unsafe-eval'`,
    'worker-src blob:',
    ...(network.length > 0 ? [`connect-src ${network.join(' ')}`] : []),
  ];
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">`;
  return `<!doctype html>${meta}<script>${frameScript}</script>`;
}

/**
 * Puts a frame into the page; returns what takes it away again, with everything that runs in it. `dead` is told, perhaps
 * more than once, that nothing runs in it.
 */
export function openFrame(
  { code, network, ports }: FrameContent,
  dead: (reason: unknown) => void,
): () => void {
  const frame = document.createElement('iframe');
  const { port1: control, port2 } = new MessageChannel();
  const loaded = code.catch(dead);
  let isRemoved = false;
  let wasSent = false;
  let hasAnswered = false;
  let unanswered = 0;
  control.onmessage = ({ data }: MessageEvent<string | null>) => {
    hasAnswered = true;
    unanswered = 0;
    // An empty text: the browser refuses the worker, and does not say why.
    if (data !== null) dead(data || refused());
  };
  // No browser tells that a frame has crashed, or that it was taken away.
  const beat = () => {
    if (!frame.isConnected) return dead('its frame was taken away');
    if (!wasSent) return;
    if (++unanswered > mostUnanswered) return dead(hasAnswered ? 'its frame does not answer' : refused());
    control.postMessage(null);
  };
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.hidden = true;
  frame.title = 'remotemedia sandbox';
  frame.srcdoc = frameDocument(network);
  frame.onload = () => {
    frame.onload = () => dead('its frame was navigated');
    void loaded.then((blob) => {
      if (!blob || isRemoved) return;
      // Its origin has no name that could be given here. It runs nothing but our script.
      frame.contentWindow?.postMessage({ code: blob, network }, '*', [port2, ...ports]);
      wasSent = true;
    });
  };
  document.documentElement.append(frame);
  const timer = setInterval(beat, beatMs);
  return () => {
    isRemoved = true;
    clearInterval(timer);
    control.close();
    frame.onload = null;
    frame.remove();
  };
}

function refused(): RuntimeLoadError {
  const message =
    "the sandbox's frame does not run: a content security policy of the page must allow its script in script-src " +
    `('${frameScriptHash}') and blob: in worker-src`;
  return new RuntimeLoadError(message, { code: 'sandbox_refused' });
}
