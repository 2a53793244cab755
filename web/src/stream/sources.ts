/** Which input goes to which source of a plan. */
import { type Issue, ManifestError } from '../errors.js';
import {
  type AnyInput,
  type InputOptions,
  isStream,
  isTrack,
  type LivePolicy,
  type StreamInput,
  toItems,
} from '../input.js';
import { pathKey } from '../values.js';
import type { Endpoint, PlanSummary } from '../worker/protocol.js';
import type { Feed } from './intake.js';
import type { ListFeed } from './pull.js';

/** Items that wait at most, by policy. */
const caps = { block: null, drop_oldest: 64, latest: 1 };

/** The input of a run, sorted. */
export interface Arranged {
  readonly lists: readonly ListFeed[];
  readonly streams: readonly { readonly feed: Feed; readonly input: StreamInput }[];
  /** Sources that make their own items. */
  readonly generating: readonly Endpoint[];
}

/** Finds the sources of all input. Throws ManifestError for input that no source takes. */
export function arrange(plan: PlanSummary, input: AnyInput | undefined, options: InputOptions): Arranged {
  const addressed = options.sources ?? {};
  const generating = plan.inputs.filter(({ generates }) => generates);
  const taking = plan.inputs.filter(({ generates }) => !generates);
  const issues = unknownSources(taking, addressed);
  const rest = taking.filter(({ node }) => !Object.hasOwn(addressed, node));
  const given: [readonly Endpoint[], AnyInput | undefined][] = taking
    .filter(({ node }) => Object.hasOwn(addressed, node))
    .map((endpoint) => [[endpoint], addressed[endpoint.node]]);
  if (rest.length > 0) given.push([rest, input]);
  else if (!isNothing(input)) issues.push(unexpectedInput());
  if (issues.length > 0) throw ManifestError.of(issues);
  const lists: ListFeed[] = [];
  const streams: Arranged['streams'][number][] = [];
  for (const [inputs, value] of given) {
    if (isStream(value))
      streams.push({ feed: { inputs, cap: caps[policyOf(inputs, value, options)] }, input: value });
    else lists.push({ feed: { inputs, cap: null }, items: toItems(value) });
  }
  return { lists, streams, generating };
}

function policyOf(inputs: readonly Endpoint[], input: StreamInput, { live }: InputOptions): LivePolicy {
  const named = typeof live === 'string' ? live : inputs.map(({ node }) => live?.[node]).find(Boolean);
  const policy = named ?? (isTrack(input) ? 'drop_oldest' : 'block');
  if (Object.hasOwn(caps, policy)) return policy;
  throw new RangeError(`live must be block, drop_oldest or latest, not ${String(policy)}`);
}

function unknownSources(taking: readonly Endpoint[], addressed: Record<string, AnyInput>): Issue[] {
  const known = taking.map(({ node }) => node);
  return Object.keys(addressed)
    .filter((id) => !known.includes(id))
    .map((id) => ({
      code: 'unknown_source',
      path: pathKey('$.sources', id),
      message: `${id} is no source that takes input`,
      severity: 'error',
      expected: known,
      actual: id,
    }));
}

function unexpectedInput(): Issue {
  const message = 'no source takes this input';
  return { code: 'unexpected_input', path: '$.input', message, severity: 'error' };
}

function isNothing(input: AnyInput | undefined): boolean {
  return input === undefined || input === null || (Array.isArray(input) && input.length === 0);
}
