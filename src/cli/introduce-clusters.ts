/**
 * Environments on clusters that the project names are made known to the agent before a command asks about them: so a fresh
 * clone with nothing but a kubeconfig sees and drives what others have deployed.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterTarget } from '../delivery/index.ts';
import { messageOf } from '../kernel/fault.ts';
import { PROJECT_FILE } from '../project/index.ts';
import { clusterTarget, ensureAgent, knownClusters, type System } from '../system.ts';
import { clusterEnvironments } from './cluster-environment.ts';
import { findProjectFolder } from './project-folder.ts';
import type { Terminal } from './terminal.ts';

interface OnCluster {
  readonly key: string;
  readonly cluster: () => Promise<ClusterTarget>;
}

/**
 * Of those that `wish` may mean (`production`, `herald/production`; without one all of this folder's). Then the journal has
 * what was told of them until now.
 *
 * @throws Fault when the one that is asked about can't be reached; where none is named that is only told.
 */
export async function introduceClusters(
  system: System,
  terminal: Terminal,
  wish: string | undefined,
  from = process.cwd(),
): Promise<void> {
  const all = [...(await inProject(system, from)), ...(await inHome(system, from))];
  const meant = all.filter(
    ({ key }, index) =>
      all.findIndex((other) => other.key === key) === index &&
      (wish === undefined || wish === key || wish === key.slice(key.indexOf('/') + 1)),
  );
  if (meant.length === 0) return;
  const agent = await ensureAgent(system);
  for (const { key, cluster } of meant) {
    try {
      await agent.know(key, await cluster());
    } catch (error) {
      if (wish !== undefined) throw error;
      terminal.note(`${key} can't be reached, so what is told of it is old: ${messageOf(error)}`);
    }
  }
}

async function inProject(system: System, from: string): Promise<readonly OnCluster[]> {
  const folder = findProjectFolder(from);
  // Most projects have none, and need not be read for that.
  if (folder === undefined || !readFileSync(join(folder, PROJECT_FILE), 'utf8').includes('kubernetes')) return [];
  const { loadProject } = await import('../project/index.ts');
  const { project } = await loadProject({ folder, cache: system.cache });
  if (project === null) return [];
  return clusterEnvironments(project).map(({ name, platform }) => ({
    key: `${project.service}/${name}`,
    cluster: () => clusterTarget(system, platform),
  }));
}

/** In a project's folder only what that names is meant. */
async function inHome(system: System, from: string): Promise<readonly OnCluster[]> {
  if (findProjectFolder(from) !== undefined) return [];
  const known = await knownClusters(system);
  return [...known].map(([key, cluster]) => ({ key, cluster: () => Promise.resolve(cluster) }));
}
