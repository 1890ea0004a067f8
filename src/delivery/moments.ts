/** What happened in a rollout, entry by entry, in words for people. */

import type { Entry } from '../journal/index.ts';
import type { RolloutApproved, RolloutRejected } from './approval-entries.ts';
import {
  dataOf,
  type RolloutEnded,
  type RolloutGated,
  type RolloutGuarded,
  type RolloutQueued,
  type RolloutStepped,
} from './entries.ts';

/** A step, a pause, a gate, an approval, an end. */
export interface Moment {
  /** Wall time in milliseconds. */
  readonly at: number;
  readonly what: string;
  readonly because: string;
}

/** What an entry of a rollout tells; `null` when people need not be told (a look of the judge). */
export function momentOf(entry: Entry): Omit<Moment, 'at'> | null {
  switch (entry.kind) {
    case 'rollout.stepped':
      return stepped(dataOf<RolloutStepped>(entry));
    case 'rollout.paused': {
      const { reason, because } = dataOf<Paused>(entry);
      return { what: `paused (${reason})`, because };
    }
    case 'rollout.resumed':
      return { what: 'goes on', because: dataOf<Paused>(entry).because };
    case 'rollout.gated':
      return gated(dataOf<RolloutGated>(entry));
    case 'rollout.approved':
      return approved(dataOf<RolloutApproved>(entry));
    case 'rollout.rejected':
      return rejected(dataOf<RolloutRejected>(entry));
    case 'rollout.queued': {
      const { release } = dataOf<RolloutQueued>(entry);
      return { what: `#${release} waits`, because: `#${release} was deployed and begins when this one has ended` };
    }
    case 'rollout.guarded': {
      const { result, because } = dataOf<RolloutGuarded>(entry);
      return { what: `guard ${result}`, because };
    }
    case 'rollout.ended': {
      const { outcome, because } = dataOf<RolloutEnded>(entry);
      return { what: outcome, because };
    }
    default:
      return null;
  }
}

interface Paused {
  readonly reason: string;
  readonly because: string;
}

function stepped({ what, because }: RolloutStepped): Omit<Moment, 'at'> {
  return { what: /^\d/.test(what) ? `step to ${what}` : what, because };
}

const GATE_WORDS: Readonly<Record<RolloutGated['result'], string>> = {
  passed: 'passed',
  failed: 'failed',
  error: 'could not be done',
};

function gated({ gate, result, summary }: RolloutGated): Omit<Moment, 'at'> {
  return { what: `${gate} ${GATE_WORDS[result]}`, because: summary };
}

function approved({ by, authenticated, gate, count, needed }: RolloutApproved): Omit<Moment, 'at'> {
  const unsure = gate === true ? '; the host vouches, not Slipway' : '; recorded, not authenticated';
  const because = `${count} of ${needed} approvals${authenticated ? '' : unsure}`;
  return { what: `approved by ${by}`, because };
}

function rejected({ by, because, authenticated }: RolloutRejected): Omit<Moment, 'at'> {
  const why = because ?? 'no reason was given';
  return { what: `rejected by ${by}`, because: authenticated ? why : `${why}; recorded, not authenticated` };
}
