/** `slipway rbac [ENVIRONMENT]`: the least rights with which Slipway can drive the environments of this project. */

import { clusterRole, type System } from '../../system.ts';
import { clusterEnvironments, noCluster, requireClusterEnvironment } from '../cluster-environment.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { requireProject, requireProjectFolder } from '../pipeline-session.ts';
import { documents } from '../report/yaml-documents.ts';
import type { Terminal } from '../terminal.ts';

/** Without an environment: of each namespace that the project uses, for all that Slipway has in it. */
export async function runRbac(system: System, terminal: Terminal, environment: string | undefined): Promise<ExitCode> {
  const project = await requireProject(requireProjectFolder(), terminal, system.cache);
  if (environment !== undefined) {
    const { platform } = requireClusterEnvironment(project, environment);
    const { namespace, traffic } = platform;
    const objects = await clusterRole({ namespace, key: `${project.service}/${environment}`, traffic });
    terminal.print(documents(objects, [`What may drive ${project.service}/${environment}, and nothing else.`]));
    return EXIT.ok;
  }
  const all = clusterEnvironments(project);
  if (all.length === 0) throw noCluster('No environment of the project is on a cluster.', all);
  for (const namespace of new Set(all.map(({ platform }) => platform.namespace))) {
    const here = all.filter(({ platform }) => platform.namespace === namespace);
    const traffic = [...new Set(here.map(({ platform }) => platform.traffic))];
    const objects = await clusterRole({ namespace, traffic });
    const names = here.map(({ name }) => `${project.service}/${name}`).join(', ');
    const narrower = 'Name an environment for the rights of that one alone.';
    terminal.print(
      documents(objects, [`What may drive ${names} and whatever else Slipway has in ${namespace}.`, narrower]),
    );
  }
  return EXIT.ok;
}
