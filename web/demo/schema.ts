/** Reads the JSON Schema of a param, which in a bundle may be anything. */
import { objectOf, textOf } from './claims.js';

/** What a form needs to know of a param. */
export interface Param {
  readonly name: string;
  readonly kind: 'number' | 'integer' | 'string' | 'boolean' | 'choice' | 'json';
  /** Values of a choice. */
  readonly choices: readonly unknown[];
  /** What a number must be, with words for it. */
  readonly bounds: readonly Bound[];
  /** Undefined if there is none. */
  readonly initial: unknown;
  readonly unit: string;
  readonly description: string;
  readonly aliases: readonly unknown[];
}

interface Bound {
  readonly text: string;
  holds(value: number): boolean;
}

const mostChoices = 200;
const rules: Record<string, [words: string, holds: (value: number, bound: number) => boolean]> = {
  minimum: ['at least', (value, bound) => value >= bound],
  exclusiveMinimum: ['more than', (value, bound) => value > bound],
  maximum: ['at most', (value, bound) => value <= bound],
  exclusiveMaximum: ['less than', (value, bound) => value < bound],
};

/** Reads one. */
export function paramOf(name: string, schema: unknown): Param {
  const { type, enum: choices, default: initial, unit, description, aliases, ...rest } = objectOf(schema);
  const bounds = Object.entries(rules).flatMap(([key, [words, holds]]) => {
    const bound = rest[key];
    // Limits of 64 bits say nothing to people.
    if (typeof bound !== 'number' || Math.abs(bound) > Number.MAX_SAFE_INTEGER) return [];
    return [{ text: `${words} ${bound}`, holds: (value: number) => holds(value, bound) }];
  });
  const isChoice = Array.isArray(choices) && choices.length > 0 && choices.length <= mostChoices;
  return {
    name,
    kind: isChoice ? 'choice' : kindOf(type),
    choices: isChoice ? choices : [],
    bounds,
    initial,
    unit: textOf(unit, 30),
    description: textOf(description),
    aliases: Array.isArray(aliases) ? aliases : [],
  };
}

function kindOf(type: unknown): Param['kind'] {
  return type === 'number' || type === 'integer' || type === 'string' || type === 'boolean' ? type : 'json';
}

/** What is wrong with a number, empty if nothing. */
export function numberProblem({ kind, bounds }: Param, value: number): string {
  if (kind === 'integer' && !Number.isInteger(value)) return 'Must be a whole number.';
  const broken = bounds.filter((bound) => !bound.holds(value));
  return broken.length > 0 ? `Must be ${broken.map(({ text }) => text).join(' and ')}.` : '';
}

/** What is to be known of a param beside its name: `Gain before the curve. At least -48, at most 48; default 12.` */
export function hintOf({ kind, bounds, initial, description }: Param): string {
  const limits = bounds.map(({ text }) => text).join(', ');
  const isTold = initial !== undefined && kind !== 'boolean';
  const facts = [limits, isTold ? `default ${textOf(JSON.stringify(initial), 60)}` : ''].filter(Boolean);
  const sentence = facts.join('; ');
  return [description, sentence && `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`]
    .filter(Boolean)
    .join(' ');
}
