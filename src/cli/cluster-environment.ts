/** An environment of the project that is on a cluster, as commands about clusters name it. */

import { Fault } from '../kernel/fault.ts';
import type { PlatformSettings, Project, ProjectEnvironment } from '../project/index.ts';

export interface ClusterEnvironment extends ProjectEnvironment {
  readonly platform: Extract<PlatformSettings, { kind: 'kubernetes' }>;
}

/** In the order in which a revision reaches them. */
export function clusterEnvironments({ environments }: Project): readonly ClusterEnvironment[] {
  return environments.filter(isOnCluster);
}

function isOnCluster(environment: ProjectEnvironment): environment is ClusterEnvironment {
  return environment.platform.kind === 'kubernetes';
}

/** @throws Fault `cli/not-on-a-cluster`. */
export function requireClusterEnvironment(project: Project, name: string): ClusterEnvironment {
  const all = clusterEnvironments(project);
  const found = all.find((environment) => environment.name === name);
  if (found !== undefined) return found;
  const known = project.environments.some((environment) => environment.name === name);
  throw noCluster(known ? `${name} is not on a cluster.` : `The project has no environment ${name}.`, all);
}

export function noCluster(message: string, all: readonly ClusterEnvironment[]): Fault<'cli/not-on-a-cluster'> {
  const names = all.map(({ name }) => name).join(', ');
  return new Fault({
    code: 'cli/not-on-a-cluster',
    kind: 'usage',
    message,
    hint:
      all.length === 0
        ? 'Write `platform: { kubernetes: { namespace: NAME } }` below an environment of slipway.yaml.'
        : `On a cluster: ${names}.`,
  });
}
