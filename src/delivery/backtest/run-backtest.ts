/** All policies on one recording. */

import type { JudgeSettings } from '../environment-spec.ts';
import { ARGO, argoPolicy } from './argo-policy.ts';
import { FLAGGER, flaggerPolicy } from './flagger-policy.ts';
import { judgePolicy } from './judge-policy.ts';
import { kayentaPolicy } from './kayenta-policy.ts';
import type { Decided, Policy } from './policy.ts';
import { countedBetween, exposedFrom, type Recording, type Sample } from './recording.ts';

export interface BacktestRow {
  readonly policy: string;
  readonly decided: Decided;
  /** Milliseconds from the candidate's first request to the decision; `null` when there is none. */
  readonly after: number | null;
  /** Requests of the candidate, and the bad ones among them, up to the decision (or the end). */
  readonly seen: Sample;
}

/** False alarm probabilities that are compared. */
const FALSE_ALARMS = [0.05, 0.01, 0.001];
const FAILURE_LIMITS = [0, 3];

function policiesFor(settings: JudgeSettings): readonly Policy[] {
  return [
    ...FALSE_ALARMS.map((falseAlarm) => judgePolicy({ ...settings, falseAlarm })),
    ...FAILURE_LIMITS.map((failureLimit) => argoPolicy({ ...ARGO, failureLimit })),
    flaggerPolicy(FLAGGER),
    kayentaPolicy(),
  ];
}

/** `settings`: of our own judge, but for the false alarm probability. */
export function runBacktest(recording: Recording, settings: JudgeSettings): readonly BacktestRow[] {
  return policiesFor(settings).map((policy) => {
    const decided = policy.decide(recording);
    const until = decided.kind === 'undecided' ? Infinity : decided.at;
    const after = decided.kind === 'undecided' ? null : decided.at - (exposedFrom(recording) ?? 0);
    return { policy: policy.name, decided, after, seen: countedBetween(recording, -1, until).candidate };
  });
}
