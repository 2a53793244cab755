/** Which code of the library a page ran, its workers, worklets and frames included: scripts/test.d/coverage.mjs adds it up. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';

/** What V8 counted of a script, as Chromium's protocol has it. */
interface Script {
  readonly scriptId: string;
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly { count: number; endOffset: number }[] }[];
}

type Send = (method: string, params?: object) => Promise<unknown>;
type Tell = (script: Script, file: string) => void;

interface Event {
  readonly id?: number;
  readonly method: string;
  readonly params: { sessionId: string; message: string };
  readonly result?: unknown;
}

/** Between two looks at what ran, in milliseconds: what a worker runs after the last one before it is ended is not seen. */
const pause = 500;

/** A page, or something inside of it that runs scripts. */
class Target {
  private readonly inner = new Map<string, { readonly target: Target; receive(message: string): void }>();
  private isAsked = false;
  /** Files by script: what can be told only of the first report holds for the later ones. */
  private readonly files = new Map<string, string | undefined>();
  private readonly send: Send;
  private readonly tell: Tell;

  constructor(send: Send, tell: Tell) {
    this.send = send;
    this.tell = tell;
  }

  /** Nothing runs before it is measured; what ends meanwhile never answers. */
  async begin(): Promise<void> {
    await Promise.all([
      this.send('Profiler.enable'),
      this.send('Profiler.startPreciseCoverage', { callCount: true, detailed: true }),
      this.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: true, flatten: false }),
      this.send('Runtime.runIfWaitingForDebugger'),
    ]);
  }

  /** Asks what ran since it was last asked, here and inside; not where it has not answered yet. */
  async ask(): Promise<void> {
    await Promise.all([this.askHere(), ...Array.from(this.inner.values(), ({ target }) => target.ask())]);
  }

  hear({ method, params }: Event): void {
    const { sessionId, message } = params;
    if (method === 'Target.attachedToTarget') this.attach(sessionId);
    else if (method === 'Target.receivedMessageFromTarget') this.inner.get(sessionId)?.receive(message);
    else if (method === 'Target.detachedFromTarget') this.inner.delete(sessionId);
  }

  private async askHere(): Promise<void> {
    if (this.isAsked) return;
    this.isAsked = true;
    const taken = await this.send('Profiler.takePreciseCoverage');
    this.isAsked = false;
    for (const script of (taken as { result: Script[] } | undefined)?.result ?? []) {
      const id = `${script.scriptId} ${script.url}`;
      if (!this.files.has(id)) this.files.set(id, builtFile(script));
      const file = this.files.get(id);
      if (file) this.tell(script, file);
    }
  }

  private attach(sessionId: string): void {
    const waiting: ((result: unknown) => void)[] = [];
    const send: Send = async (method, params = {}) => {
      const message = JSON.stringify({ id: waiting.length, method, params });
      const reply = new Promise((resolve) => waiting.push(resolve));
      await this.send('Target.sendMessageToTarget', { sessionId, message });
      return reply;
    };
    const target = new Target(send, this.tell);
    const receive = (message: string) => {
      const event = JSON.parse(message) as Event;
      if (event.id === undefined) target.hear(event);
      else waiting[event.id]?.(event.result);
    };
    this.inner.set(sessionId, { target, receive });
    void target.begin();
  }
}

const sandbox = 'dist/remotemedia/sandbox.js';
let knownLength: number | undefined;

function sandboxLength(): number {
  knownLength ??= readFileSync(sandbox, 'utf8').length;
  return knownLength;
}

/** Where a script was built to. That of the sandbox has no address, but a length that no other has. */
function builtFile({ url, functions }: Script): string | undefined {
  const [, folder, name] = url.match(/\/(lib|assets)\/([^?]+)/) ?? [];
  if (folder) return folder === 'lib' ? `dist/lib/${name}` : `dist/site/assets/${name}`;
  const isSandbox = url.startsWith('blob:') && functions[0]?.ranges[0]?.endOffset === sandboxLength();
  return isSandbox ? sandbox : undefined;
}

/** Measures from now on; what it returns writes what ran to `file`. */
export async function measure(page: Page, file: string): Promise<() => Promise<void>> {
  const found: object[] = [];
  const session = await page.context().newCDPSession(page);
  const send: Send = (method, params) =>
    session.send(method as 'Profiler.enable', params as undefined).catch(() => undefined);
  const whole = new Target(send, ({ functions }, file) => {
    const isNew = functions.some(({ ranges }) => ranges.some(({ count }) => count > 0));
    if (isNew) found.push({ file, functions });
  });
  for (const name of ['attachedToTarget', 'receivedMessageFromTarget', 'detachedFromTarget'] as const) {
    const method = `Target.${name}` as 'Target.receivedMessageFromTarget';
    session.on(method, (params) => whole.hear({ method, params }));
  }
  await whole.begin();
  const looks = setInterval(() => void whole.ask(), pause);
  return async () => {
    clearInterval(looks);
    // A worker that is in an endless loop never answers.
    await Promise.race([whole.ask(), new Promise((resolve) => setTimeout(resolve, 10 * pause))]);
    await mkdir(new URL('.', `file://${file}`), { recursive: true });
    await writeFile(file, JSON.stringify(found));
  };
}
