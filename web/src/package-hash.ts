/** SHA-256 of `bytes` in hexadecimal. Browsers hash only on secure pages; elsewhere it is slower. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(
    globalThis.crypto?.subtle
      ? new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
      : (await import('./package/sha256.js')).sha256Bytes(bytes),
  );
}

/** Bytes in hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
