/** Reads what a bundle says of itself, which may be anything: only text of one line, of some length, reaches the page. */

const mostText = 300;
const spaces = /[\s\p{Cc}]+/gu;
// They turn the direction of text, or do not show.
const tricks = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** A string or a number as text of one line; anything else as none. */
export function textOf(value: unknown, most = mostText): string {
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  // Cut first: the text may be of a mebibyte.
  const cut = String(value).slice(0, 2 * most);
  const line = cut.replace(tricks, '').replace(spaces, ' ').trim().toWellFormed();
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

/** The object, or an empty one. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

/** The list, or an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Those elements of a list that are strings. */
export function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((item) => typeof item === 'string');
}
