/** The releases of a rehearsal: what the engine deploys for a name, and the name of what it talks about. */

import { type Digest, sha256 } from '../../kernel/digest.ts';
import type { EnvironmentState } from '../engine-state.ts';
import type { Release, ReleaseContent } from '../release.ts';
import type { Rehearsal } from './rehearsal.ts';

export const SERVICE = 'rehearsal';
export const ENVIRONMENT = 'simulated';

export interface Cast {
  contentOf(name: string, settings: Pick<ReleaseContent, 'config' | 'secrets'>): ReleaseContent;
  readonly nameOf: (release: Release) => string;
  /** The newest release of this name, if it was deployed. */
  numberOf(state: EnvironmentState, name: string): number | undefined;
  /** The name, with its number when an older release (of another configuration) has the same name: `v1`, `v1#3`. */
  labelOf(state: EnvironmentState, number: number): string;
}

export function createCast(rehearsal: Rehearsal): Cast {
  const names = new Map<Digest, string>();
  for (const name of Object.keys(rehearsal.releases)) names.set(sha256(name), name);
  const nameOf = (release: Release): string => {
    const name = names.get(release.content.image);
    if (name === undefined) throw new Error(`#${release.number} is no release of the rehearsal`);
    return name;
  };
  return {
    contentOf: (name, { config, secrets }) => ({
      service: SERVICE,
      environment: ENVIRONMENT,
      image: sha256(name),
      config,
      secrets,
      grants: [],
    }),
    nameOf,
    numberOf: (state, name) =>
      Object.values(state.releases).findLast((release) => names.get(release.content.image) === name)?.number,
    labelOf(state, number) {
      const release = state.releases[number];
      if (release === undefined) return `#${number}`;
      const name = nameOf(release);
      const first = Object.values(state.releases).find(({ content }) => content.image === release.content.image);
      return first?.number === number ? name : `${name}#${number}`;
    },
  };
}
