/** Reads the JSON documents of a bundle. */
import { refuse } from './package-refusal.js';
import type { Contents } from './zip-reader.js';

export type JsonObject = Record<string, unknown>;

const mostBytes = 2 ** 20;
const mostNesting = 400;

/** The object that an entry holds; anything else is refused with `code`. */
export async function readObject(files: Contents, name: string, code = 'bad_json'): Promise<JsonObject> {
  // Documents made for it take many times their size as objects.
  if ((files.sizes.get(name) ?? 0) > mostBytes) refuse(code, `more than ${mostBytes} bytes`, name);
  const bytes = await files.read(name);
  try {
    const json: unknown = parse(bytes);
    if (isObject(json)) return json;
  } catch (error) {
    refuse(code, String(error), name);
  }
  return refuse(code, 'not a JSON object', name);
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(bytes: Uint8Array): unknown {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  checkNesting(bytes);
  return JSON.parse(text, (_key, value) => {
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new RangeError('a number beyond a double');
    return value;
  });
}

/** By hand, since a regular expression would take time or stack for texts made for it. */
function checkNesting(bytes: Uint8Array): void {
  let level = 0;
  let isText = false;
  for (let at = 0; at < bytes.length; at++) {
    const character = bytes[at];
    if (character === 0x22) isText = !isText;
    else if (isText) at += character === 0x5c ? 1 : 0;
    else if (character === 0x5b || character === 0x7b) level++;
    else if (character === 0x5d || character === 0x7d) level--;
    if (level > mostNesting) throw new RangeError(`more than ${mostNesting} levels`);
  }
}
