/**
 * What GitHub would do with a workflow on an event, read from its text alone: `on:` with its filter patterns, `if:` with
 * GitHub's own expression library, `needs`, `environment`. Runners, permissions and steps don't matter here.
 */

import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import { parse } from 'yaml';
import type { HostEvent } from '../../src/hosts/predicate.ts';

export interface GithubJob {
  readonly id: string;
  /** As it is called in the repository. */
  readonly environment: string | null;
}

interface ReadJob {
  readonly needs?: string | readonly string[];
  readonly if?: string;
  readonly environment?: string;
}

interface ReadWorkflow {
  readonly on: {
    readonly push?: { readonly branches?: readonly string[]; readonly tags?: readonly string[] };
    readonly pull_request?: null;
    readonly merge_group?: null;
    readonly workflow_dispatch?: {
      readonly inputs: Readonly<Record<string, { readonly options?: readonly string[] }>>;
    };
  };
  readonly jobs: Readonly<Record<string, ReadJob>>;
}

/** The jobs that run when each one that runs succeeds, in the order of the file. */
export function jobsOnGithub(text: string, event: HostEvent): readonly GithubJob[] {
  const workflow = parse(text) as ReadWorkflow;
  if (!isTriggered(workflow, event)) return [];
  const results = new Map<string, 'success' | 'skipped'>();
  const jobs: GithubJob[] = [];
  for (const [id, job] of Object.entries(workflow.jobs)) {
    const needs = [job.needs ?? []].flat();
    const context = contextOf(event, new Map(needs.map((need) => [need, results.get(need) ?? 'missing'])));
    const runs = passesIf(
      job.if,
      context,
      needs.every((need) => results.get(need) === 'success'),
    );
    results.set(id, runs ? 'success' : 'skipped');
    if (runs) jobs.push({ id, environment: job.environment === undefined ? null : filledIn(job.environment, context) });
  }
  return jobs;
}

function isTriggered({ on }: ReadWorkflow, event: HostEvent): boolean {
  switch (event.event) {
    case 'pullRequest':
      return 'pull_request' in on;
    case 'mergeQueue':
      return 'merge_group' in on;
    case 'manual':
      return on.workflow_dispatch?.inputs['job']?.options?.includes(event.job) ?? false;
    case 'push': {
      if (on.push === undefined) return false;
      const { branches, tags } = on.push;
      const patterns = event.ref === 'branch' ? branches : tags;
      // Whoever names only tags means no branch, and the other way round; who names neither means all.
      if (patterns === undefined) return branches === undefined && tags === undefined;
      return patterns.some((pattern) => matchesFilter(pattern, event.name));
    }
  }
}

/** GitHub's filter patterns, as far as we write them: `**`, `*`, and signs behind a backslash. */
export function matchesFilter(pattern: string, name: string): boolean {
  const parts = pattern.match(/\\.|\*\*\/|\*\*|\*|[^]/g) ?? [];
  const written = parts.map((part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    return part.slice(-1).replace(/[\^$.*+?()[\]{}|/]/, String.raw`\$&`);
  });
  return new RegExp(`^${written.join('')}$`, 's').test(name);
}

function passesIf(condition: string | undefined, context: data.Dictionary, needsSucceeded: boolean): boolean {
  if (condition === undefined) return needsSucceeded;
  const value = evaluate(condition.replace(/^\s*\$\{\{([^]*)\}\}\s*$/, '$1'), context);
  const asksStatus = /\b(always|cancelled|failure|success)\(\)/.test(condition);
  return isTrue(value) && (asksStatus || needsSucceeded);
}

function isTrue(value: data.ExpressionData): boolean {
  return value.kind === data.Kind.Boolean ? value.value : value.coerceString() !== '' && value.coerceString() !== '0';
}

function filledIn(text: string, context: data.Dictionary): string {
  return text.replaceAll(/\$\{\{([^]*?)\}\}/g, (_, expression: string) => evaluate(expression, context).coerceString());
}

/** What an expression gives on an event, by GitHub's library. */
export function evaluateOn(expression: string, event: HostEvent): boolean {
  return isTrue(evaluate(expression, contextOf(event, new Map())));
}

const STATUS = ['always', 'cancelled', 'failure', 'success'].map((name) => ({
  name,
  minArgs: 0,
  maxArgs: 0,
  call: () => new data.BooleanData(name === 'always' || name === 'success'),
}));

function evaluate(expression: string, context: data.Dictionary): data.ExpressionData {
  const { tokens } = new Lexer(expression).lex();
  const parsed = new Parser(tokens, ['github', 'inputs', 'needs'], STATUS).parse();
  return new Evaluator(parsed, context, new Map(STATUS.map((status) => [status.name, status]))).evaluate();
}

function contextOf(event: HostEvent, needs: ReadonlyMap<string, string>): data.Dictionary {
  const results = [...needs].map(([need, result]) => [need, dictionary({ result })] as const);
  const inputs = event.event === 'manual' ? { job: event.job } : {};
  return nested({
    github: dictionary(refOf(event)),
    inputs: dictionary(inputs),
    needs: nested(Object.fromEntries(results)),
  });
}

function refOf(event: HostEvent): Readonly<Record<string, string>> {
  switch (event.event) {
    case 'push': {
      const kind = event.ref === 'branch' ? 'heads' : 'tags';
      return { event_name: 'push', ref: `refs/${kind}/${event.name}`, ref_name: event.name };
    }
    case 'pullRequest':
      return { event_name: 'pull_request', ref: 'refs/pull/7/merge', ref_name: '7/merge' };
    case 'mergeQueue':
      return {
        event_name: 'merge_group',
        ref: 'refs/heads/gh-readonly-queue/main/pr-7-0a',
        ref_name: 'gh-readonly-queue/main/pr-7-0a',
      };
    case 'manual':
      return { event_name: 'workflow_dispatch', ref: `refs/heads/${event.branch}`, ref_name: event.branch };
  }
}

function dictionary(entries: Readonly<Record<string, string>>): data.Dictionary {
  return nested(Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, new data.StringData(value)])));
}

function nested(entries: Readonly<Record<string, data.ExpressionData>>): data.Dictionary {
  return new data.Dictionary(...Object.entries(entries).map(([key, value]) => ({ key, value })));
}
