/** Heap sizes of a page's workers, which Chromium tells only in sessions of their own. */
import type { CDPSession } from '@playwright/test';

interface Reply {
  id: number;
  result?: { usedSize: number; backingStorageSize: number };
  error?: { message: string };
}

/** A function that collects garbage in every worker and gives the bytes of each: heap and array buffers. */
export async function workerHeaps(session: CDPSession): Promise<() => Promise<number[]>> {
  const workers = new Set<string>();
  const waiting = new Map<number, (reply: Reply) => void>();
  let last = 0;
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.type === 'worker') workers.add(sessionId);
  });
  session.on('Target.detachedFromTarget', ({ sessionId }) => workers.delete(sessionId));
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const reply = JSON.parse(message) as Reply;
    waiting.get(reply.id)?.(reply);
  });
  await session.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });

  async function ask(sessionId: string, method: string): Promise<Reply> {
    const id = ++last;
    const answer = new Promise<Reply>((resolve) => waiting.set(id, resolve));
    await session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) });
    return answer;
  }

  return async () => {
    const sizes: number[] = [];
    for (const worker of workers) {
      await ask(worker, 'HeapProfiler.collectGarbage');
      const { result, error } = await ask(worker, 'Runtime.getHeapUsage');
      if (!result) throw new Error(error?.message);
      sizes.push(result.usedSize + result.backingStorageSize);
    }
    return sizes;
  };
}
