/** Where jobs keep what they hand on, and what earlier runs have left: the same folders on every host. */

import type { Job } from './job-graph.ts';

/** Below the project, since GitLab takes caches and artifacts from nowhere else. */
export const CACHE_FOLDER = '.slipway/cache';
/** `slipway` takes every `*.tar` in it, and leaves the results of its own tasks there as `<stage>.tar`. */
export const HANDOVER_FOLDER = '.slipway/handover';

/** The environment variables of a job, secrets left out. */
export function jobVariables({ kind, needs, handsOn }: Job): Readonly<Record<string, string>> {
  return {
    // Also of a job without a cache, which then begins with none, wherever it runs. A deployment has that of its runner: the
    // agent that it may start outlives the folder of the job.
    ...(kind === 'stage' ? { SLIPWAY_CACHE: CACHE_FOLDER } : {}),
    ...(handsOn || needs.length > 0 ? { SLIPWAY_HANDOVER: HANDOVER_FOLDER } : {}),
  };
}
