/** What goes on although everything of this home has ended. */

import { readEnvironments } from '../../delivery/index.ts';
import { knownClusters, openJournal, type System } from '../../system.ts';

/** Names the environments on clusters, whose replicas nobody ends but a removal; `null` where there is none. */
export async function clustersLeft(system: System): Promise<string | null> {
  const known = await knownClusters(system);
  if (known.size === 0) return null;
  const journal = await openJournal(system);
  const live = [...readEnvironments(journal).values()].filter(
    ({ key, now, removed }) => known.has(key) && now !== null && !removed,
  );
  journal.close();
  return live.length === 0 ? null : `On clusters go on: ${live.map(({ key }) => key).join(', ')}.`;
}
