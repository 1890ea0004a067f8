/** Why a task runs: what differs from the last time, in a form that a person understands. */

import type { Ingredients } from './fingerprint.ts';

export type Reason =
  | { readonly kind: 'first-run' }
  | { readonly kind: 'always' }
  | { readonly kind: 'file'; readonly path: string; readonly change: 'changed' | 'mode' | 'new' | 'gone' }
  | { readonly kind: 'environment'; readonly name: string; readonly change: 'changed' | 'set' | 'unset' }
  | { readonly kind: 'tool'; readonly name: string }
  | { readonly kind: 'setting'; readonly name: string }
  | { readonly kind: 'output'; readonly of: string }
  | { readonly kind: 'machine' }
  | { readonly kind: 'engine' }
  /** The kept result did not stand up to being read; `what` says which part. */
  | { readonly kind: 'damaged'; readonly what: string }
  | { readonly kind: 'failed-before' }
  /** An input changed while it ran the last time, so that result was not kept. */
  | { readonly kind: 'disturbed-before' }
  | { readonly kind: 'evicted' }
  /** What the last run was made of is not known any more. */
  | { readonly kind: 'unknown' };

/** One line for the report: the first reason, and how many more there are. */
export function describeReasons(reasons: readonly Reason[]): string {
  const [first, ...others] = reasons;
  if (first === undefined) return 'nothing changed';
  return others.length === 0 ? describeReason(first) : `${describeReason(first)} and ${others.length} more`;
}

function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'first-run':
      return 'first run';
    case 'always':
      return 'runs every time';
    case 'file':
      return describeFile(reason);
    case 'environment':
      return `environment variable ${reason.name} ${VARIABLE_CHANGES[reason.change]}`;
    case 'tool':
      return `tool ${reason.name} is another`;
    case 'setting':
      return reason.name === '' ? 'settings changed' : `setting ${reason.name} changed`;
    case 'output':
      return `output of ${reason.of} changed`;
    case 'machine':
      return 'another kind of machine';
    case 'engine':
      return 'another version of the pipeline engine';
    case 'damaged':
      return `cached output was damaged (${reason.what})`;
    case 'failed-before':
      return 'it failed the last time';
    case 'disturbed-before':
      return 'an input changed while it ran the last time';
    case 'evicted':
      return 'cached output is not kept any more';
    case 'unknown':
      return 'what it was made of the last time is not known any more';
  }
}

const VARIABLE_CHANGES = { changed: 'changed', set: 'is set now', unset: 'is not set any more' } as const;

function describeFile({ path, change }: Extract<Reason, { kind: 'file' }>): string {
  if (change === 'mode') return `mode of ${path} changed`;
  return `file ${path} ${change === 'changed' ? 'changed' : change === 'new' ? 'is new' : 'is gone'}`;
}

/** All differences, those that a person most likely made first. */
export function differences(before: Ingredients, now: Ingredients): readonly Reason[] {
  return [
    ...changedKeys(before.files, now.files).map((path): Reason => {
      return { kind: 'file', path, change: fileChange(before.files[path], now.files[path]) };
    }),
    ...changedKeys(before.needs, now.needs).map((of): Reason => ({ kind: 'output', of })),
    ...changedKeys(before.environment, now.environment).map((name): Reason => {
      const [was, is] = [before.environment[name] ?? null, now.environment[name] ?? null];
      return { kind: 'environment', name, change: was === null ? 'set' : is === null ? 'unset' : 'changed' };
    }),
    ...changedKeys(before.tools, now.tools).map((name): Reason => ({ kind: 'tool', name })),
    ...changedKeys(before.settings, now.settings).map((name): Reason => ({ kind: 'setting', name })),
    ...(before.machine === now.machine ? [] : [{ kind: 'machine' } as const]),
    ...(before.engine === now.engine ? [] : [{ kind: 'engine' } as const]),
  ];
}

function changedKeys(before: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((key) => before[key] !== now[key]).sort();
}

function fileChange(before: string | undefined, now: string | undefined): 'changed' | 'mode' | 'new' | 'gone' {
  if (before === undefined || before === 'absent') return 'new';
  if (now === undefined || now === 'absent') return 'gone';
  const [[wasKind, , wasContent], [isKind, , isContent]] = [before.split(' '), now.split(' ')];
  return wasKind === 'file' && isKind === 'file' && wasContent === isContent ? 'mode' : 'changed';
}
