/** The events for which the files of CI systems are run for real, on the repository of `host-rig.ts`. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostEvent } from '../../src/hosts/predicate.ts';
import { commitAll, git } from './git-repository.ts';

export const RUN_EVENTS = {
  develop: { event: 'push', ref: 'branch', name: 'develop' },
  tag: { event: 'push', ref: 'tag', name: 'v1.2.3' },
  pull: { event: 'pullRequest', fork: false },
  hotfix: { event: 'push', ref: 'branch', name: 'hotfix/z' },
} as const satisfies Readonly<Record<string, HostEvent>>;

export type RunEvent = keyof typeof RUN_EVENTS;

/** A branch with the same sources, and another configuration of the environments: there is something to deploy. */
export async function addHotfix(repository: string, project: string): Promise<void> {
  await git(repository, 'checkout', '--quiet', '-b', 'hotfix/z');
  const configured = project.replaceAll('strategy: rolling', 'strategy: rolling, config: { FIXED: "yes" }');
  writeFileSync(join(repository, 'slipway.yaml'), configured);
  await commitAll(repository);
  await git(repository, 'checkout', '--quiet', 'main');
}

/** Checks out what the event is about. */
export async function takeRef(repository: string, name: RunEvent): Promise<void> {
  const event: HostEvent = RUN_EVENTS[name];
  await git(repository, 'checkout', '--quiet', event.event === 'push' ? event.name : 'main');
}

/** The digests of images that a log names, each once. */
export function imagesSaid(log: string): readonly string[] {
  return [...new Set(Array.from(log.matchAll(/image (sha256:[0-9a-f]{64})/g), ([, digest = '']) => digest))];
}
