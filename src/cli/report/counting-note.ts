/** What a person should know before a rollout on a cluster is judged by what a Prometheus has counted there. */

import type { EnvironmentSpec } from '../../delivery/index.ts';

/**
 * A pod counts the requests that it is given and not why: those that `match` chooses, which elsewhere are no evidence, are
 * judged like the users' there. `null` where there are none.
 */
export function countingNote({ kubernetes, strategy }: EnvironmentSpec): string | null {
  const prometheus = kubernetes?.prometheus ?? null;
  if (prometheus === null || strategy.kind !== 'canary' || strategy.match === null) return null;
  return "the judge counts the requests that `match` chooses like the users': Prometheus can't tell them apart";
}
