/** What the cases are made of. */
import { createHash } from 'node:crypto';
import { type End, type Entry, zip } from './zip.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** Options of both loaders. */
export interface Options {
  readonly trustedKeys?: readonly string[];
  readonly requireSignature?: boolean;
  readonly limits?: Readonly<Partial<Record<'fileBytes' | 'inflatedBytes' | 'ratio' | 'entries', number>>>;
}

/** A bundle and what must become of it; code null: it loads. */
export interface Case {
  readonly name: string;
  readonly code: string | null;
  readonly bytes: () => Bytes | Promise<Bytes>;
  readonly options: Options;
  /** What a bundle that loads is told to be. */
  readonly trust: string;
}

export function refused(name: string, code: string, bytes: Case['bytes'], options: Options = {}): Case {
  return { name, code, bytes, options, trust: 'unsigned' };
}

export function loads(name: string, bytes: Case['bytes'], options: Options = {}, trust = 'unsigned'): Case {
  return { name, code: null, bytes, options, trust };
}

export const pipeline = { version: 'v1', nodes: [{ id: 'a', node_type: 'PassThroughNode' }] };

/** An entry of JSON. */
export function json(name: string, value: unknown): Entry {
  return { name, content: JSON.stringify(value) };
}

export const manifest = json('manifest.json', pipeline);
export const text: Entry = { name: 'assets/text.txt', content: 'hello hello hello hello' };

/** The text under another name; nothing if it is the name of a folder. */
export function named(name: string | Uint8Array): Entry {
  return String(name).endsWith('/') ? { name, content: '', stored: true } : { ...text, name };
}

/** A bundle with a good manifest. */
export function withManifest(...entries: Entry[]): Bytes {
  return zip([manifest, ...entries]);
}

/** The same, and what its end record says. */
export function endingIn(end: End, ...entries: Entry[]): Bytes {
  return zip([manifest, ...entries], end);
}

/** A manifest that wants something of its host. */
export function manifestOf(runtime: unknown): Entry {
  return json('manifest.json', { ...pipeline, runtime });
}

/** `integrity.json` of these entries. */
export function integrity(...entries: Entry[]): Entry {
  const hashes = entries.map(({ name, content }) => [String(name), hashOf(content ?? '')]);
  return json('integrity.json', { algorithm: 'sha256', entries: Object.fromEntries(hashes) });
}

/** SHA-256 in hexadecimal. */
export function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A list of numbers as bytes. */
export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}
