/** What can happen on a CI system, each with a name for tables. */

import type { HostEvent } from '../../../src/hosts/predicate.ts';

const branch = (name: string): HostEvent => ({ event: 'push', ref: 'branch', name });
const tag = (name: string): HostEvent => ({ event: 'push', ref: 'tag', name });

export const EVENTS = {
  'push to develop': branch('develop'),
  'push to main': branch('main'),
  'push to feature/x': branch('feature/x'),
  'push to bugfix/y': branch('bugfix/y'),
  'push to release/1.2': branch('release/1.2'),
  'push to hotfix/z': branch('hotfix/z'),
  'push to another branch': branch('spike'),
  'tag v1.2.3': tag('v1.2.3'),
  'another tag': tag('nightly'),
  'pull request': { event: 'pullRequest', fork: false },
  'pull request of a fork': { event: 'pullRequest', fork: true },
  'merge queue': { event: 'mergeQueue' },
  'manual rollback': { event: 'manual', job: 'rollback-production', branch: 'main' },
  'manual run': { event: 'manual', job: 'run', branch: 'main' },
} as const satisfies Readonly<Record<string, HostEvent>>;

export type EventName = keyof typeof EVENTS;
