/** Checks what a bundle asks of its host. */
import { isObject } from '../package-json.js';
import type { Capabilities } from '../package-loader.js';
import { refuse } from '../package-refusal.js';
import { version } from '../version.js';

const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const byte = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
// A host whose last label begins with a digit is an IPv4 address to browsers, also 0x7f.1.
const host = `(?:(?:${label}\\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?|${byte}(?:\\.${byte}){3})`;
const origin = new RegExp(
  `^(?:https://(${host})|http://(?:localhost|127\\.0\\.0\\.1))(?::([1-9][0-9]{0,4}))?$`,
);

/** The capabilities of `manifest.runtime.capabilities`. Throws PackageError `bad_capability`. */
export function readCapabilities(declared: unknown): Capabilities {
  if (!isObject(declared)) return bad('capabilities are not an object');
  const { network = [], ...others } = declared;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) bad(`unknown capability ${JSON.stringify(unknown)}`);
  if (!Array.isArray(network)) return bad('network is not a list');
  return { network: network.map(readOrigin) };
}

function readOrigin(text: unknown): string {
  const match = typeof text === 'string' ? origin.exec(text) : null;
  if (!match || Number(match[2] ?? 0) > 65535 || (match[1]?.length ?? 0) > 253) {
    return bad(`${JSON.stringify(text)} is not an origin like https://api.example.com`);
  }
  return match[0];
}

function bad(message: string): never {
  return refuse('bad_capability', message, 'manifest.json');
}

/** Refuses what is newer than this release, and what is no version. */
export function checkVersion(oldest: string): void {
  if (!isAtMost(oldest, version)) {
    refuse('newer_version', `it needs version ${oldest}, this is ${version}`, 'manifest.json');
  }
}

/** Whether a version, of at most three parts, is not newer than another; no version is not. */
function isAtMost(wanted: string, have: string): boolean {
  const parts = (text: string): string[] | null =>
    /^0*([0-9]{1,20})(?:\.0*([0-9]{1,20}))?(?:\.0*([0-9]{1,20}))?(?:[-+]|$)/.exec(text);
  const own = parts(have);
  const asked = parts(wanted);
  if (!own || !asked) return false;
  for (const part of [1, 2, 3]) {
    const difference = Number(asked[part] ?? 0) - Number(own[part] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
}
