/** What Jenkins makes of a declarative file on an event, read from its text: stages, their `when`, who is asked. */

import type { HostEvent } from '../../src/hosts/predicate.ts';
import {
  argumentOf,
  blockOf,
  callsOf,
  type GroovyCall,
  type GroovyStatement,
  type GroovyValue,
  readGroovy,
  textOf,
} from './groovy-reader.ts';

export interface JenkinsEvent {
  /** As a multibranch job sets them. */
  readonly environment: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface JenkinsRun {
  /** The stage as the job is called. */
  readonly id: string;
  readonly asks: boolean;
}

/** The merge queue is that of GitHub: a branch of its own. */
export function jenkinsEvent(event: HostEvent): JenkinsEvent {
  const [environment, parameters] = ((): readonly [Record<string, string>, Record<string, string>] => {
    switch (event.event) {
      case 'push':
        return [{ BRANCH_NAME: event.name, ...(event.ref === 'tag' ? { TAG_NAME: event.name } : {}) }, {}];
      case 'pullRequest':
        return [{ BRANCH_NAME: 'PR-7', CHANGE_ID: '7', CHANGE_BRANCH: 'feature/x', CHANGE_TARGET: 'main' }, {}];
      case 'mergeQueue':
        return [{ BRANCH_NAME: 'gh-readonly-queue/main/pr-7-0123abcd' }, {}];
      case 'manual':
        return [{ BRANCH_NAME: event.branch }, { SLIPWAY_JOB: event.job }];
    }
  })();
  return { environment, parameters };
}

/** The stages with steps that run when each one that runs succeeds, in the order of the file. */
export function jenkinsJobsOn(text: string, event: JenkinsEvent): readonly JenkinsRun[] {
  const pipeline = blockOf(readGroovy(text), 'pipeline');
  const stages = pipeline === null ? null : blockOf(pipeline, 'stages');
  if (pipeline === null || stages === null) throw new Error('no pipeline with stages');
  const complete = { ...event, parameters: { ...defaultsOf(pipeline), ...event.parameters } };
  const asked = new Set<string>();
  const ran: string[] = [];
  for (const name of stages.flatMap((stage) => stagesOf(stage, complete))) {
    // `deploy-production: ask` and `deploy-production: approved` are stages of one job.
    const [id = name, part] = name.split(': ');
    if (part === 'ask') asked.add(id);
    else ran.push(id);
  }
  return ran.map((id) => ({ id, asks: asked.has(id) }));
}

function defaultsOf(pipeline: readonly GroovyStatement[]): Readonly<Record<string, string>> {
  const calls = callsOf(blockOf(pipeline, 'parameters') ?? []);
  return Object.fromEntries(
    calls.map((call) => {
      const choices = argumentOf(call, 'choices');
      const first = choices?.kind === 'list' ? choices.of[0] : argumentOf(call, 'defaultValue');
      return [textOf(argumentOf(call, 'name')), textOf(first)];
    }),
  );
}

function stagesOf(statement: GroovyStatement, event: JenkinsEvent): readonly string[] {
  if (statement.kind !== 'call' || statement.call.name !== 'stage') throw new Error('something else than a stage');
  const { args, block } = statement.call;
  if (block === null) throw new Error('a stage without a block');
  const when = blockOf(block, 'when');
  if (
    when !== null &&
    !callsOf(when)
      .filter(({ name }) => !name.startsWith('before'))
      .every((call) => holds(call, event))
  ) {
    return [];
  }
  const inner = blockOf(block, 'stages') ?? blockOf(block, 'parallel');
  return inner === null ? [textOf(args[0])] : inner.flatMap((stage) => stagesOf(stage, event));
}

function holds(call: GroovyCall, event: JenkinsEvent): boolean {
  const { environment } = event;
  const inner = callsOf(call.block ?? []);
  switch (call.name) {
    case 'allOf':
      return inner.every((part) => holds(part, event));
    case 'anyOf':
      return inner.some((part) => holds(part, event));
    case 'not':
      return !inner.every((part) => holds(part, event));
    case 'branch':
      return matches(call, environment['BRANCH_NAME']);
    case 'tag':
      return matches(call, environment['TAG_NAME']);
    case 'buildingTag':
      return environment['TAG_NAME'] !== undefined;
    case 'changeRequest':
      return environment['CHANGE_ID'] !== undefined;
    case 'expression': {
      const [statement] = call.block ?? [];
      if (statement?.kind !== 'value') throw new Error(`line ${call.line}: no expression`);
      return isTrue(statement.value, event);
    }
    default:
      throw new Error(`line ${call.line}: nobody knows the condition ${call.name}`);
  }
}

function matches(call: GroovyCall, name: string | undefined): boolean {
  const pattern = textOf(argumentOf(call, 'pattern'));
  const comparator = textOf(argumentOf(call, 'comparator'));
  if (name === undefined) return false;
  if (comparator === 'EQUALS') return name === pattern;
  if (comparator === 'REGEXP') return new RegExp(`^(?:${pattern})$`).test(name);
  throw new Error(`line ${call.line}: nobody knows the comparator ${comparator}`);
}

function isTrue(value: GroovyValue, event: JenkinsEvent): boolean {
  if (value.kind !== 'binary') throw new Error(`no comparison: ${value.kind}`);
  const left = plainOf(value.left, event);
  if (value.operator === '==') return left === plainOf(value.right, event);
  if (value.operator === '!=') return left !== plainOf(value.right, event);
  if (value.operator === 'in' && value.right.kind === 'list') {
    return value.right.of.some((item) => plainOf(item, event) === left);
  }
  throw new Error(`nobody knows the operator ${value.operator}`);
}

function plainOf(value: GroovyValue, { environment, parameters }: JenkinsEvent): unknown {
  if (value.kind === 'text') return value.text;
  if (value.kind === 'plain') return value.value;
  if (value.kind !== 'name') throw new Error(`no plain value: ${value.kind}`);
  const [space, name = ''] = value.name.split('.');
  if (space === 'params') return parameters[name] ?? null;
  if (space === 'env') return environment[name] ?? null;
  throw new Error(`nobody knows ${value.name}`);
}
