/** Verifies `signature.json`: Ed25519 over the bytes of `integrity.json`. */
import { sha256 } from '../package-hash.js';
import { readObject } from '../package-json.js';
import { refuse } from '../package-refusal.js';
import type { Contents } from '../zip-reader.js';

const entry = 'signature.json';

/** Who signed. */
export interface Signed {
  readonly keyId: string;
  /** The raw public key in base64. */
  readonly publicKey: string;
  /** False where the host cannot tell. */
  readonly verified: boolean;
}

/** Throws PackageError `bad_signature`. */
export async function verifySignature(files: Contents): Promise<Signed> {
  if (!files.sizes.has('integrity.json'))
    refuse('bad_signature', 'there is no integrity.json that it could be of', entry);
  const { algorithm, key_id, public_key, signature } = await readObject(files, entry, 'bad_signature');
  if (algorithm !== 'ed25519') refuse('bad_signature', 'the algorithm is not "ed25519"', entry);
  const key = fromBase64(public_key, 32, 'public_key');
  const given = fromBase64(signature, 64, 'signature');
  const keyId = (await sha256(key)).slice(0, 16);
  if (key_id !== keyId) refuse('bad_signature', `key_id is not ${keyId}, that of the key`, entry);
  const verified = await verify(key, given, await files.read('integrity.json'));
  if (verified === false) refuse('bad_signature', 'it is not of this integrity.json', entry);
  return { keyId, publicKey: String(public_key), verified: verified === true };
}

/** Null where the host cannot tell: an insecure page, or a browser without Ed25519. */
async function verify(
  key: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean | null> {
  if (!globalThis.crypto?.subtle) return null;
  try {
    const imported = await crypto.subtle.importKey('raw', key, { name: 'Ed25519' }, false, ['verify']);
    return await crypto.subtle.verify({ name: 'Ed25519' }, imported, signature, signed);
  } catch (error) {
    // Anything else says that the key is none.
    return (error as Error).name === 'NotSupportedError' ? null : false;
  }
}

/** Strict: one text per content, no white space. */
function fromBase64(text: unknown, length: number, field: string): Uint8Array<ArrayBuffer> {
  try {
    const raw = atob(String(text));
    if (raw.length === length && btoa(raw) === text) {
      return Uint8Array.from(raw, (character) => character.charCodeAt(0));
    }
  } catch {
    // No base64 at all.
  }
  return refuse('bad_signature', `${field} is not base64 of ${length} bytes`, entry);
}
