/** The decisions of the engine, read off the entries that it writes. */

import type { RolloutApproved, RolloutRejected } from '../approval-entries.ts';
import {
  dataOf,
  type RolloutEnded,
  type RolloutGated,
  type RolloutGuarded,
  type RolloutLooked,
  type RolloutQueued,
  type RolloutStarted,
  type RolloutStepped,
} from '../entries.ts';
import type { Entry } from '../../journal/index.ts';
import type { Reading } from '../judge/index.ts';
import type { DecisionEvidence, DecisionRow } from './rehearsal-result.ts';

export interface DecisionLog {
  add(entries: readonly Entry[], at: number): void;
  refused(at: number, refusal: Refusal): void;
  /** Code of the last refusal. */
  lastRefusal(): string | null;
  rows(): readonly DecisionRow[];
  /** Rollouts that have ended, in order. */
  ended(): readonly RolloutEnded[];
}

export interface Refusal {
  readonly code: string;
  readonly because: string;
}

export function createDecisionLog(): DecisionLog {
  const rows: DecisionRow[] = [];
  const ended: RolloutEnded[] = [];
  let evidence: DecisionEvidence | null = null;
  let lastRefusal: string | null = null;

  const add = (entry: Entry, at: number): void => {
    const write = (decision: string, because: string): void => void rows.push({ at, decision, because, evidence });
    switch (entry.kind) {
      case 'rollout.looked': {
        const { verdict, abort, promote, slo } = dataOf<RolloutLooked>(entry);
        evidence = { verdict, abort, promote, slo };
        return;
      }
      case 'rollout.started': {
        evidence = null;
        const { candidate, kind: how } = dataOf<RolloutStarted>(entry);
        return write('started', `${how} of #${candidate}`);
      }
      case 'rollout.stepped': {
        const { what, because } = dataOf<RolloutStepped>(entry);
        return write(what, because);
      }
      case 'rollout.gated': {
        const { gate, result, summary } = dataOf<RolloutGated>(entry);
        return write(`${gate} ${result}`, summary);
      }
      case 'rollout.approved': {
        const { by, count, needed } = dataOf<RolloutApproved>(entry);
        return write('approved', `by ${by}, ${count} of ${needed}`);
      }
      case 'rollout.rejected': {
        const { by, because } = dataOf<RolloutRejected>(entry);
        return write('rejected', because === null ? `by ${by}` : `by ${by}: ${because}`);
      }
      case 'rollout.queued': {
        const { release, rollout } = dataOf<RolloutQueued>(entry);
        return write('queued', `#${release} waits for the end of ${rollout}`);
      }
      case 'rollout.guarded': {
        const { result, because } = dataOf<RolloutGuarded>(entry);
        return write(`guard ${result}`, because);
      }
      case 'rollout.paused': {
        const { reason, because } = dataOf<{ reason: string; because: string }>(entry);
        return write(`paused: ${reason}`, because);
      }
      case 'rollout.resumed':
        return write('resumed', dataOf<{ because: string }>(entry).because);
      case 'rollout.ended': {
        const end = dataOf<RolloutEnded & { reading: Reading }>(entry);
        const { verdict, abort, promote, slo } = end.reading;
        evidence = { verdict: verdict.kind, abort: abort.e, promote: promote.e, slo: slo.e };
        ended.push(end);
        return write(end.outcome, end.because);
      }
    }
  };

  return {
    add(entries, at) {
      for (const entry of entries) add(entry, at);
    },
    refused(at, { code, because }) {
      lastRefusal = code;
      rows.push({ at, decision: 'refused', because, evidence });
    },
    lastRefusal: () => lastRefusal,
    rows: () => rows,
    ended: () => ended,
  };
}
