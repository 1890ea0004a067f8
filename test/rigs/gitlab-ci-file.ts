/**
 * What GitLab makes of a `.gitlab-ci.yml`: read from the text, by the rules of docs.gitlab.com/ci/jobs/job_rules. As far
 * as our files go; anything else is an error, never a guess.
 */

import { parse } from 'yaml';
import type { HostEvent } from '../../src/hosts/predicate.ts';
import { asList, asMap, asText, type Mapping } from './plain-yaml.ts';
import { evaluateRule, type Variables } from './gitlab-expression.ts';

export interface GitlabRun {
  readonly id: string;
  readonly environment: string | null;
  readonly manual: boolean;
}

/** The variables that GitLab itself sets for an event. */
export function gitlabVariables(event: HostEvent): Variables {
  switch (event.event) {
    case 'push':
      return { CI_PIPELINE_SOURCE: 'push', [event.ref === 'tag' ? 'CI_COMMIT_TAG' : 'CI_COMMIT_BRANCH']: event.name };
    case 'pullRequest':
      return {
        CI_PIPELINE_SOURCE: 'merge_request_event',
        CI_MERGE_REQUEST_IID: '7',
        CI_MERGE_REQUEST_EVENT_TYPE: event.fork ? 'detached' : 'merged_result',
      };
    case 'mergeQueue':
      return {
        CI_PIPELINE_SOURCE: 'merge_request_event',
        CI_MERGE_REQUEST_IID: '7',
        CI_MERGE_REQUEST_EVENT_TYPE: 'merge_train',
      };
    case 'manual':
      return { CI_PIPELINE_SOURCE: 'web', CI_COMMIT_BRANCH: event.branch, SLIPWAY_JOB: event.job };
  }
}

const NOT_JOBS = new Set(['workflow', 'variables', 'default', 'stages']);

/** The jobs of the pipeline in the order of the file; none when there is no pipeline. */
export function gitlabJobsOn(text: string, given: Variables): readonly GitlabRun[] {
  // What GitLab reads with is YAML 1.1.
  const file = asMap(parse(text, { version: '1.1' }));
  const variables: Variables = { ...globalVariables(file), ...given };
  const start = firstRule(asMap(file['workflow']), variables);
  if (start === null || start['when'] === 'never') return [];
  return ruledIn(file, { ...variables, ...textsOf(start['variables']) });
}

/** The jobs whose own rules let them run, whether there is a pipeline or not. */
export function gitlabJobsRuledIn(text: string, given: Variables): readonly GitlabRun[] {
  const file = asMap(parse(text, { version: '1.1' }));
  return ruledIn(file, { ...globalVariables(file), ...given });
}

function ruledIn(file: Mapping, variables: Variables): readonly GitlabRun[] {
  const jobs = Object.entries(file).filter(([id]) => !NOT_JOBS.has(id));
  const running = jobs.flatMap(([id, value]) => {
    const job = asMap(value);
    const rule = firstRule(job, variables);
    return rule === null || rule['when'] === 'never' ? [] : [{ id, job, manual: rule['when'] === 'manual' }];
  });
  const names = new Set(running.map(({ id }) => id));
  return running.map(({ id, job, manual }) => {
    for (const need of asList(job['needs']).map((need) => (typeof need === 'string' ? { job: need } : asMap(need)))) {
      // GitLab makes no pipeline at all then.
      if (need['optional'] !== true && !names.has(asText(need['job']))) {
        throw new Error(`${id} needs ${asText(need['job'])}, which is not in the pipeline`);
      }
    }
    return { id, manual, environment: job['environment'] ? asText(asMap(job['environment'])['name']) : null };
  });
}

/** The variables that the pipeline of an event has besides GitLab's own. */
export function gitlabPipelineVariables(text: string, given: Variables): Variables {
  const file = asMap(parse(text, { version: '1.1' }));
  const variables = { ...globalVariables(file), ...given };
  return { ...variables, ...textsOf(firstRule(asMap(file['workflow']), variables)?.['variables']) };
}

function globalVariables(file: Mapping): Variables {
  const entries = Object.entries(asMap(file['variables'] ?? {}));
  return Object.fromEntries(
    entries.map(([name, value]) => [name, asText(typeof value === 'string' ? value : asMap(value)['value'])]),
  );
}

function textsOf(value: unknown): Variables {
  return Object.fromEntries(Object.entries(asMap(value ?? {})).map(([name, text]) => [name, asText(text)]));
}

function firstRule(map: Mapping, variables: Variables): Mapping | null {
  const rules = asList(map['rules']).map((rule) => asMap(rule));
  return rules.find((rule) => evaluateRule(asText(rule['if']), variables)) ?? null;
}

/** What GitLab itself refuses and the tools that check its files don't see: one sentence each. */
export function gitlabOffences(text: string): readonly string[] {
  const file = asMap(parse(text, { version: '1.1' }));
  const stages = asList(file['stages']).map((stage) => asText(stage));
  const jobs = new Map(
    Object.entries(file).flatMap(([id, value]) => (NOT_JOBS.has(id) ? [] : [[id, asMap(value)] as const])),
  );
  const needsOf = (id: string): readonly string[] =>
    asList(jobs.get(id)?.['needs'] ?? []).map((need) => (typeof need === 'string' ? need : asText(asMap(need)['job'])));
  const offences: string[] = [];
  for (const [id, job] of jobs) {
    if ('rules' in job && ('only' in job || 'except' in job)) offences.push(`${id} has rules and only or except`);
    if (!stages.includes(asText(job['stage']))) offences.push(`${id} is in a stage that is not listed`);
    for (const need of needsOf(id)) if (!jobs.has(need)) offences.push(`${id} needs ${need}, which does not exist`);
    if (reaches(id, id, needsOf)) offences.push(`${id} needs itself`);
  }
  return offences;
}

function reaches(from: string, to: string, needsOf: (id: string) => readonly string[]): boolean {
  const seen = new Set<string>();
  const open = [...needsOf(from)];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === to) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...needsOf(id));
  }
  return false;
}
