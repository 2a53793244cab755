/** Progress of downloads. */

/** Events of one download, at most, beside the first and the last. */
const steps = 16;

/**
 * Reads a response and tells how many of its bytes have come. To be given a clone: browsers keep compiled code only for
 * a response that is handed to the compiler as it came.
 */
export async function count(
  { body, headers }: Response,
  progress: (loaded: number, total: number | null) => void,
): Promise<void> {
  // The length of compressed content is not that of what is read.
  const total = headers.has('content-encoding') ? null : Number(headers.get('content-length')) || null;
  const step = (total ?? 2 ** 24) / steps;
  let loaded = 0;
  let told = 0;
  const reader = body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) break;
    loaded += value.length;
    if (loaded - told < step) continue;
    told = loaded;
    progress(loaded, total);
  }
  if (loaded > told) progress(loaded, loaded);
}
