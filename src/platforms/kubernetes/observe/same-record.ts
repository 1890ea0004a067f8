/**
 * That what runs is what the record speaks of. Numbers begin anew where the record was lost (somebody has deleted the
 * ConfigMap): then a Deployment may have the number of a release without being it.
 */

import type { EnvironmentContext } from '../../../delivery/index.ts';
import { kubernetesFault } from '../kubernetes-fault.ts';
import { recordName, releaseName } from '../names.ts';
import type { FollowedEnvironment } from './followed-environment.ts';
import { releaseOf } from './release-status.ts';

/** @throws Fault `kubernetes/lost-record`. */
export function mustBeOfRecord(
  followed: Pick<FollowedEnvironment, 'deployments'>,
  { key, releases }: EnvironmentContext,
): void {
  for (const deployed of followed.deployments()) {
    const { name } = deployed.metadata;
    const number = releaseOf(deployed);
    const release = number === null ? undefined : releases[number];
    if (release === undefined || name === releaseName(key, release)) continue;
    throw kubernetesFault({
      code: 'kubernetes/lost-record',
      kind: 'refused',
      message: `The Deployment ${name} has the number of #${number} of ${key}, and is another release: it is older than the record in the ConfigMap ${recordName(key)}.`,
      hint: `Nothing that runs was changed. Restore that ConfigMap from a backup; or delete the Deployment, when nothing needs it any more, and what was deployed goes on.`,
    });
  }
}
