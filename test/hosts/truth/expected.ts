/** Written by hand: which jobs run on each event, where they go and where a person is asked first. */

import type { ExpectedJob } from '../../../src/hosts/predicate.ts';
import type { EventName } from './events.ts';

/** The project files of the two branch models. */
export const MODELS = {
  gitflow: `service: greeter
image: ghcr.io/acme/greeter
branches: gitflow
environments: { preview: {}, staging: {}, production: {} }
`,
  trunk: `service: greeter
image: ghcr.io/acme/greeter
branches: trunk
environments: { staging: {}, production: { approval: 1 } }
`,
} as const;

export type Model = keyof typeof MODELS;

const PROOF = ['check', 'build', 'test', 'package'];
const PUSHED = [...PROOF, 'publish'];

/** Each job as `jobInWords` writes it. */
export const EXPECTED: Readonly<Record<Model, Readonly<Record<EventName, readonly string[]>>>> = {
  gitflow: {
    'push to develop': [...PUSHED, 'deploy-staging to staging'],
    'push to main': [...PUSHED, 'deploy-production to production'],
    'push to feature/x': [...PUSHED, 'deploy-preview to preview'],
    'push to bugfix/y': [...PUSHED, 'deploy-preview to preview'],
    'push to release/1.2': [...PUSHED, 'deploy-staging to staging'],
    'push to hotfix/z': [...PUSHED, 'deploy-staging to staging', 'deploy-production to production by approval'],
    'push to another branch': [],
    'tag v1.2.3': [...PUSHED, 'deploy-production to production'],
    'another tag': [],
    'pull request': PROOF,
    'pull request of a fork': PROOF,
    'merge queue': PROOF,
    'manual rollback': ['rollback-production to production'],
    'manual run': PROOF,
  },
  trunk: {
    'push to develop': [],
    'push to main': [...PUSHED, 'deploy-staging to staging', 'deploy-production to production by approval'],
    'push to feature/x': [],
    'push to bugfix/y': [],
    'push to release/1.2': [],
    'push to hotfix/z': [],
    'push to another branch': [],
    'tag v1.2.3': [],
    'another tag': [],
    'pull request': PROOF,
    'pull request of a fork': PROOF,
    'merge queue': PROOF,
    'manual rollback': ['rollback-production to production'],
    'manual run': PROOF,
  },
};

export function jobInWords({ id, environment, approval }: ExpectedJob): string {
  return `${id}${environment === null ? '' : ` to ${environment}`}${approval ? ' by approval' : ''}`;
}
