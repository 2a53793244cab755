/** Signatures that are wrong, or of somebody else. */
import { createHash } from 'node:crypto';
import {
  type Case,
  integrity,
  json,
  loads,
  manifest,
  type Options,
  refused,
  text,
  withManifest,
} from './case.js';
import type { Entry } from './zip.js';

/** The start of PKCS #8 of an Ed25519 key (RFC 8410), before the 32 bytes of the seed. */
const pkcs8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);
const algorithm = { name: 'Ed25519' };

/** A key made of 32 equal bytes: for tests. */
export interface Signer {
  /** The raw public key in base64. */
  readonly publicKey: string;
  readonly keyId: string;
  sign(message: Uint8Array<ArrayBuffer>): Promise<string>;
}

export async function signer(seed: number): Promise<Signer> {
  const der = Uint8Array.from([...pkcs8, ...new Uint8Array(32).fill(seed)]);
  const key = await crypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']);
  const { x } = await crypto.subtle.exportKey('jwk', key);
  const raw = Buffer.from(x ?? '', 'base64url');
  return {
    publicKey: raw.toString('base64'),
    keyId: createHash('sha256').update(raw).digest('hex').slice(0, 16),
    sign: async (message) =>
      Buffer.from(await crypto.subtle.sign(algorithm, key, message)).toString('base64'),
  };
}

/** `signature.json` by WebCrypto, with fields changed. */
export async function signatureOf(listed: Entry, seed: number, changed: object = {}): Promise<Entry> {
  const { publicKey, keyId, sign } = await signer(seed);
  const signature = await sign(new Uint8Array(Buffer.from(String(listed.content))));
  const fields = { algorithm: 'ed25519', key_id: keyId, public_key: publicKey, signature };
  return json('signature.json', { ...fields, ...changed });
}

const listed = integrity(manifest, text);
const other = integrity(manifest);
const trusted: Options = { trustedKeys: [(await signer(1)).publicKey] };
const needed: Options = { ...trusted, requireSignature: true };

const signedBy = async (seed: number, changed: object = {}) =>
  withManifest(text, listed, await signatureOf(listed, seed, changed));
const bad = (what: string, changed: object | (() => Promise<object>)): Case =>
  refused(`signature: ${what}`, 'bad_signature', async () =>
    signedBy(1, typeof changed === 'function' ? await changed() : changed),
  );
const flipped = (base64: string): string => {
  const raw = Buffer.from(base64, 'base64');
  raw[40] = (raw[40] ?? 0) ^ 1;
  return raw.toString('base64');
};
const right = async () => (await signer(1)).sign(new Uint8Array(Buffer.from(String(listed.content))));

export const signatures: readonly Case[] = [
  loads('signed by a trusted key', () => signedBy(1), needed, 'trusted'),
  loads('signed by an unknown key', () => signedBy(2), trusted, 'unknown-key'),
  loads('signed, and no key is trusted', () => signedBy(1), {}, 'unknown-key'),
  loads('more fields than needed', () => signedBy(1, { signed_at: '2026-01-01' }), needed, 'trusted'),

  refused('signature wanted: none', 'signature_required', () => withManifest(text, listed), needed),
  refused('signature wanted: not even integrity', 'signature_required', () => withManifest(text), needed),
  refused('signature wanted: stripped', 'signature_required', () => withManifest(text), needed),
  refused('signature wanted: of another key', 'signature_required', () => signedBy(2), needed),
  refused('signature wanted: no key is trusted', 'signature_required', () => signedBy(1), {
    requireSignature: true,
  }),
  refused(
    'signature wanted: another fault comes first',
    'bad_catalog',
    () => {
      const broken = json('catalog.json', []);
      return withManifest(broken, integrity(manifest, broken));
    },
    needed,
  ),

  bad('of another bundle', async () => ({
    signature: await (await signer(1)).sign(new Uint8Array(Buffer.from(String(other.content)))),
  })),
  refused('signature: swapped with that of another bundle', 'bad_signature', async () =>
    withManifest(text, listed, await signatureOf(other, 1)),
  ),
  bad('one bit changed', async () => ({ signature: flipped(await right()) })),
  bad('by another key than it says', async () => {
    const { publicKey, keyId } = await signer(2);
    return { public_key: publicKey, key_id: keyId };
  }),
  bad('key_id of another key', async () => ({ key_id: (await signer(2)).keyId })),
  bad('key_id in capitals', async () => ({ key_id: (await signer(1)).keyId.toUpperCase() })),
  bad('no key_id', { key_id: undefined }),
  bad('all zeros', { signature: Buffer.alloc(64).toString('base64') }),
  bad('63 bytes', async () => ({
    signature: Buffer.from(await right(), 'base64')
      .subarray(1)
      .toString('base64'),
  })),
  bad('65 bytes', async () => ({
    signature: Buffer.concat([Buffer.from(await right(), 'base64'), Buffer.of(0)]).toString('base64'),
  })),
  bad('empty', { signature: '' }),
  bad('not padded', async () => ({ signature: (await right()).replace(/=+$/, '') })),
  bad('white space', async () => ({ signature: `${await right()}\n` })),
  bad('base64url', async () => ({
    signature: (await right()).replace(/\+/g, '-').replace(/\//g, '_').replace(/^./, '-'),
  })),
  bad('bits that do not count', async () => ({ signature: (await right()).replace(/[AQgw]==$/, 'B==') })),
  bad('no base64', { signature: '!'.repeat(88) }),
  bad('hexadecimal', async () => ({ signature: Buffer.from(await right(), 'base64').toString('hex') })),
  bad('a number', { signature: 1 }),
  bad('null', { signature: null }),
  bad('a key of 31 bytes', { public_key: Buffer.alloc(31).toString('base64') }),
  bad('another algorithm', { algorithm: 'rsa' }),
  bad('algorithm in capitals', { algorithm: 'ED25519' }),
  bad('no algorithm', { algorithm: 'none' }),
  refused('signature: no JSON', 'bad_signature', () =>
    withManifest(text, listed, { name: 'signature.json', content: 'x' }),
  ),
  refused('signature: a list', 'bad_signature', () => withManifest(text, listed, json('signature.json', []))),
  refused('signature: number beyond a double', 'bad_signature', () =>
    withManifest(text, listed, { name: 'signature.json', content: '{"algorithm":1e999}' }),
  ),
  refused('signature: without integrity', 'bad_signature', async () =>
    withManifest(text, await signatureOf(listed, 1)),
  ),
  refused('signature: content tampered with', 'hash_mismatch', async () =>
    withManifest({ ...text, content: 'other' }, listed, await signatureOf(listed, 1)),
  ),
  refused('signature: file added', 'unlisted_entry', async () =>
    withManifest(text, { ...text, name: 'nodes/evil.py' }, listed, await signatureOf(listed, 1)),
  ),
  refused(
    'signature: hashes made anew',
    'bad_signature',
    async () => {
      const evil = { ...text, content: 'other' };
      return withManifest(evil, integrity(manifest, evil), await signatureOf(listed, 1));
    },
    needed,
  ),
];
