/**
 * Kayenta's judge as it is practised (facts/rollouts.md section 8.1): the error rate of each minute of both releases,
 * compared once when there are fifty of them, which it needs (section 1.2).
 */

import { DEFAULTS, type KayentaResult, kayentaJudge } from '../judge/kayenta/index.ts';
import type { Decided, Policy } from './policy.ts';
import { countedBetween, intervalEnds, type Recording, type Sample } from './recording.ts';

const MINUTE = 60_000;
const POINTS = 50;

export function kayentaPolicy(): Policy {
  return { name: `kayenta, error rate of ${POINTS} minutes`, decide };
}

function decide(recording: Recording): Decided {
  if (!recording.hasStable) return { kind: 'undecided', because: 'there is no stable release to compare with' };
  const ends = [...intervalEnds(recording, MINUTE)].slice(0, POINTS);
  const at = ends[POINTS - 1];
  if (at === undefined) return { kind: 'undecided', because: `${ends.length} of ${POINTS} points` };
  const minutes = ends.map((end) => countedBetween(recording, end - MINUTE, end));
  const { classification, metrics } = kayentaJudge([
    {
      name: 'errors',
      experiment: minutes.map(({ candidate }) => rateOf(candidate)),
      control: minutes.map(({ stable }) => rateOf(stable)),
      settings: { ...DEFAULTS, direction: 'increase' },
      groups: ['errors'],
    },
  ]);
  const because = `classified ${metrics['errors']?.classification ?? 'Nodata'} after ${POINTS} points`;
  return classification === 'Marginal' ? { kind: 'undecided', because } : { kind: KIND[classification], at, because };
}

const KIND: Readonly<Record<Exclude<KayentaResult['classification'], 'Marginal'>, 'promote' | 'abort'>> = {
  Pass: 'promote',
  Fail: 'abort',
};

/** A minute without a request has no rate, which Kayenta leaves out. */
function rateOf({ requests, bad }: Sample): number {
  return requests === 0 ? NaN : bad / requests;
}
