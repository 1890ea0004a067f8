/** The bars G3 and G4a of facts/rollouts.md section 12, and what else the judge promises: each with what measures it. */

import { formatDuration } from '../src/kernel/quantity.ts';
import { atLeast, atMost, binomialBound, type Check } from './check.ts';
import { heldAtFivePercent, rehearse, WITHOUT_STEPS } from './judge-rehearsals.ts';
import { type Arms, runShipped, SETTINGS, simulate } from './judge-simulation.ts';

export interface Bar {
  readonly name: string;
  /** Runs, and what became of them. */
  readonly measure: (runs: number) => Promise<readonly Check[]>;
  readonly runs: number;
}

const ALPHA = SETTINGS.falseAlarm;
const BASE: Arms = { weight: 0.05, rate: 100, stable: 0.02, candidate: 0.02 };
const AT_TWO_PERCENT = heldAtFivePercent({ traffic: '100/s', stable: '2%', candidate: '2%', slo: '5%' });

/** `rehearsals`: how many equal releases go through the real engine; all other figures are quick. */
export function judgeBars(rehearsals: number): readonly Bar[] {
  return [...COMPARISONS, equalReleases(rehearsals), ...REHEARSALS];
}

const COMPARISONS: readonly Bar[] = [
  {
    name: 'comparisons of equal releases at 2 % errors, 100/s, 5 % weight, 600 looks',
    runs: 10_000,
    async measure(runs) {
      const { aborted } = simulate(runShipped, BASE, { runs, looks: 600 });
      return [atMost('aborted', aborted, binomialBound(runs, ALPHA))];
    },
  },
  {
    name: 'comparisons with a candidate three times as bad, 2 % errors, 100/s, 5 % weight',
    runs: 10_000,
    async measure(runs) {
      const { aborted, errors } = simulate(runShipped, { ...BASE, candidate: 0.06 }, { runs, looks: 900 });
      return [atLeast('share aborted', aborted / runs, 0.99), atMost('errors of the candidate on average', errors, 17)];
    },
  },
];

function equalReleases(runs: number): Bar {
  return {
    name: 'rehearsals of equal releases at 2 % errors, 100/s, 5 % weight, 600 looks',
    runs,
    async measure(seeds) {
      const { outcomes } = await rehearse(AT_TWO_PERCENT, seeds);
      return [atMost('aborted', outcomes.aborted, binomialBound(seeds, ALPHA))];
    },
  };
}

const REHEARSALS: readonly Bar[] = [
  {
    name: 'rehearsals of equal releases at 0.5 % errors, 1000/s, 5 % weight, 600 looks',
    runs: 200,
    async measure(seeds) {
      const text = heldAtFivePercent({ traffic: '1000/s', stable: '0.5%', candidate: '0.5%', slo: '1%' });
      const { outcomes } = await rehearse(text, seeds);
      return [atMost('aborted', outcomes.aborted, binomialBound(seeds, ALPHA))];
    },
  },
  {
    name: 'rehearsals of a healthy candidate at 0.1 % errors, 100/s, without steps, within 5 minutes',
    runs: 100,
    async measure(seeds) {
      const { outcomes } = await rehearse(WITHOUT_STEPS, seeds);
      return [atLeast('promoted', outcomes.promoted, Math.ceil(seeds * 0.95))];
    },
  },
  {
    name: 'rehearsals of 10 % errors against 0.1 %, 100/s, 5 % weight',
    runs: 2000,
    async measure(seeds) {
      const text = heldAtFivePercent({ traffic: '100/s', stable: '0.1%', candidate: '10%', slo: '1%' });
      const { outcomes, decision, candidateErrors } = await rehearse(text, seeds);
      return [
        atLeast('aborted', outcomes.aborted, Math.ceil(seeds * 0.99)),
        soonEnough('decided in the median', decision?.median, 7000),
        soonEnough('decided at p90', decision?.p90, 13_000),
        atMost('errors of the candidate on average', candidateErrors.mean, 4),
      ];
    },
  },
];

function soonEnough(what: string, milliseconds: number | undefined, bound: number): Check {
  const holds = milliseconds !== undefined && milliseconds <= bound;
  const took = milliseconds === undefined ? 'never' : `after ${formatDuration(milliseconds)}`;
  return { holds, says: `${what} ${took} (at most ${formatDuration(bound)})` };
}
