/** When a job runs and when a pipeline begins, in GitLab's words. */

import { matchesGlob } from '../../project/index.ts';
import { freeWays } from '../gates.ts';
import type { EventWay, Job, JobGraph, Predicate } from '../job-graph.ts';
import { allOf, anyOf, type Expression, nameIsNoneOf, nameIsOneOf } from './expression.ts';
import type { JobRule, WorkflowRule } from './gitlab-document.ts';

/** The variable by which a person asks for one job. */
export const ASKED_JOB = 'SLIPWAY_JOB';
/** `pull` or `pull-push`. */
export const CACHE_POLICY = 'SLIPWAY_CACHE_POLICY';
/** Set where a person has said yes to the job. */
export const GATE_PASSED = 'SLIPWAY_GATE_PASSED';

const PUSHED: Expression = { kind: 'equals', variable: 'CI_PIPELINE_SOURCE', text: 'push' };
const MERGE_REQUEST: Expression = { kind: 'equals', variable: 'CI_PIPELINE_SOURCE', text: 'merge_request_event' };
/** Also by `glab ci run`, which asks through the API. */
const BY_HAND: Expression = { kind: 'matches', variable: 'CI_PIPELINE_SOURCE', pattern: '^(web|api)$' };
const IN_TRAIN: Expression = { kind: 'equals', variable: 'CI_MERGE_REQUEST_EVENT_TYPE', text: 'merge_train' };
const NOT_IN_TRAIN: Expression = {
  kind: 'differs',
  variable: 'CI_MERGE_REQUEST_EVENT_TYPE',
  pattern: '^merge_train$',
};

type Push = Extract<EventWay, { event: 'push' }>;

/** At most one rule of each kind of event, in the order push, merge request, by hand. */
function conditionsOf(ways: readonly EventWay[]): readonly Expression[] {
  const has = (event: EventWay['event']): boolean => ways.some((way) => way.event === event);
  const pushes = ways.filter((way) => way.event === 'push');
  const jobs = ways.flatMap((way) => (way.event === 'manual' ? [way.job] : []));
  const asked = has('pullRequest')
    ? has('mergeQueue')
      ? [MERGE_REQUEST]
      : [allOf(MERGE_REQUEST, NOT_IN_TRAIN)]
    : has('mergeQueue')
      ? [allOf(MERGE_REQUEST, IN_TRAIN)]
      : [];
  return [
    ...(pushes.length > 0 ? [pushCondition(pushes)] : []),
    ...asked,
    ...(jobs.length > 0 ? [allOf(BY_HAND, nameIsOneOf(ASKED_JOB, jobs))] : []),
  ];
}

function pushCondition(ways: readonly Push[]): Expression {
  if (ways.some(({ ref, pattern }) => ref === 'any' && pattern === '*')) return PUSHED;
  const patternsOf = (ref: 'branch' | 'tag'): readonly string[] =>
    ways.filter((way) => way.ref === 'any' || way.ref === ref).map(({ pattern }) => pattern);
  return onPushOf({ branches: patternsOf('branch'), tags: patternsOf('tag') });
}

function onPushOf({ branches, tags }: { branches: readonly string[]; tags: readonly string[] }): Expression {
  const names = [
    ...(branches.length > 0 ? [nameIsOneOf('CI_COMMIT_BRANCH', branches)] : []),
    ...(tags.length > 0 ? [nameIsOneOf('CI_COMMIT_TAG', tags)] : []),
  ];
  return allOf(PUSHED, anyOf(names));
}

/** The events on which a person is asked come first, since the first rule that fits decides. */
export function jobRules(job: Job): readonly JobRule[] {
  const approval = job.environment?.approval ?? 'none';
  if (approval === 'none') return conditionsOf(job.when.ways).map((condition) => ({ if: condition }));
  const gated = conditionsOf(approval.ways).map((condition) => ({ if: condition, when: 'manual' as const }));
  const free = freeWays(job);
  if (free.length === 0) return gated;
  return [
    ...gated.map((rule) => ({ ...rule, variables: { [GATE_PASSED]: 'yes' } })),
    ...conditionsOf(free).map((condition) => ({ if: condition })),
  ];
}

/**
 * Which events start a pipeline. A push to a branch with an open merge request starts none, since that has its own, unless
 * the branch is deployed from: then only the push leads there.
 */
export function workflowRules(graph: JobGraph): readonly WorkflowRule[] {
  const branches = graph.pushes.branches === 'all' ? ['*'] : graph.pushes.branches;
  const deployed = deployedBranches(graph);
  const twice = branches.every((pattern) => deployed.includes(pattern))
    ? []
    : [onOpenMergeRequest(deployed)].map((condition) => ({ if: condition, when: 'never' as const }));
  const saved = graph.protectedBranches.filter((name) => branches.some((pattern) => matchesGlob(pattern, name)));
  const saving = saved.length === 0 ? [] : [onPushOf({ branches: saved, tags: [] })];
  return [
    { if: MERGE_REQUEST },
    { if: BY_HAND },
    ...twice,
    ...saving.map((condition) => ({ if: condition, variables: { [CACHE_POLICY]: 'pull-push' } })),
    { if: onPushOf({ branches, tags: graph.pushes.tags }) },
  ];
}

function onOpenMergeRequest(deployed: readonly string[]): Expression {
  const open: readonly Expression[] = [
    PUSHED,
    { kind: 'present', variable: 'CI_COMMIT_BRANCH' },
    { kind: 'present', variable: 'CI_OPEN_MERGE_REQUESTS' },
  ];
  return allOf(...open, ...(deployed.length > 0 ? [nameIsNoneOf('CI_COMMIT_BRANCH', deployed)] : []));
}

function deployedBranches({ jobs }: JobGraph): readonly string[] {
  const patterns = jobs.flatMap(({ kind, when }) => (kind === 'deploy' ? branchesIn(when) : []));
  return [...new Set(patterns)];
}

function branchesIn({ ways }: Predicate): readonly string[] {
  return ways.flatMap((way) => (way.event === 'push' && way.ref !== 'tag' ? [way.pattern] : []));
}
