/** The middle value, so that one disturbed repetition does not count. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value that `share` (0 to 1) of all values do not exceed. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** Calls `once` n times, one after the other. */
export async function repeat(n, once) {
  const results = [];
  for (let k = 0; k < n; k++) results.push(await once(k));
  return results;
}
