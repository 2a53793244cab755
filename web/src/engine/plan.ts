/** The planner's answer, and what the page is told of it. */
import { asError, type Issue, ManifestError, RemoteMediaError } from '../errors.js';
import type { GraphInfo } from '../manifest.js';
import { notJson } from '../manifest-text.js';
import type { Endpoint, PlanSummary } from '../worker/protocol.js';
import type { SegmentPlan } from './place.js';

/** A plan (docs/internals/plan.md). */
export interface Plan {
  readonly name?: string;
  readonly inputs: readonly Endpoint[];
  readonly outputs: readonly Endpoint[];
  readonly segments: readonly SegmentPlan[];
  readonly graph_info: GraphInfo;
}

/** A plan and the warnings that came with it. */
export interface PlanResponse {
  readonly plan: Plan;
  readonly warnings: readonly Issue[];
}

/** Asks the planner. Throws ManifestError with all issues, also if it cannot read the request. */
export function makePlan(planner: { plan(request: string): string }, request: string): PlanResponse {
  try {
    return readPlan(planner.plan(request));
  } catch (error) {
    throw error instanceof RemoteMediaError && error.code === 'bad_request' ? notJson(error.message) : error;
  }
}

/** Reads the planner's answer. Throws ManifestError if it holds issues, RemoteMediaError if it is none. */
export function readPlan(json: string): PlanResponse {
  try {
    return read(json);
  } catch (error) {
    throw asError(error);
  }
}

function read(json: string): PlanResponse {
  const response = JSON.parse(json) as Partial<PlanResponse> & { issues?: Issue[] };
  if (response.issues) throw ManifestError.of(response.issues);
  if (!response.plan) throw asError(new Error('the planner gave neither a plan nor issues'));
  return { plan: response.plan, warnings: response.warnings ?? [] };
}

/** What the page needs to know. */
export function summaryOf({ plan, warnings }: PlanResponse): PlanSummary {
  return {
    name: plan.name ?? '',
    inputs: plan.inputs,
    outputs: plan.outputs,
    graphInfo: plan.graph_info,
    warnings: warnings.map(({ code, path, message }) => ({ code, path, message })),
  };
}
