/** On which machines a job runs. */

import type { Job, JobSetup, Runners } from './job-graph.ts';

/** What deploys may have machines of its own, on which no code of a pull request runs. */
export function runnersOf({ kind }: Pick<Job, 'kind'>, { runsOn, deployOn }: JobSetup): Runners {
  return kind === 'stage' ? runsOn : { ...runsOn, ...deployOn };
}
