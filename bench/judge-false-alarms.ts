/**
 * What the judge's error probabilities come to, through the real engine: how often a healthy candidate is aborted, a bad
 * one is caught, and a healthy one is promoted in time. Ends with 1 when a bound is not met (issue 3, "Judge"; bars G3
 * and G4a of facts/rollouts.md section 12). `node bench/judge-false-alarms.ts [SHARE]`: a share of the runs, for a quick
 * look.
 */

import { type Rehearsal, rehearseSeeds, type SeedsResult } from '../src/delivery/index.ts';
import { formatDuration } from '../src/kernel/quantity.ts';
import { parseRehearsal } from '../src/project/index.ts';

const SHARE = Number(process.argv[2] ?? 1);
const ALPHA = 0.01;

interface Case {
  readonly name: string;
  readonly rehearsal: string;
  readonly seeds: number;
  /** What must hold of the result, as a sentence with its figures, and whether it does. */
  readonly check: (result: SeedsResult) => readonly Check[];
}

interface Check {
  readonly holds: boolean;
  readonly says: string;
}

/** Held at 5 % for 600 looks: all that can end it is the judge. */
function heldAtFivePercent(options: { traffic: string; stable: string; candidate: string; slo: string }): string {
  return `
rehearsal: held at 5 %
replicas: 1
traffic: ${options.traffic}
start: v1
strategy: { canary: { steps: [{ weight: 5% }, { pause: manual }, { weight: 100% }], judge: { slo: { errors: ${options.slo} } } } }
releases: { v1: { errors: ${options.stable} }, v2: { errors: ${options.candidate} } }
events: [{ at: 0s, deploy: v2 }]
until: 10m
`;
}

const CASES: readonly Case[] = [
  {
    name: 'equal releases at 2 % errors, 100/s, 5 % weight, 600 looks',
    rehearsal: heldAtFivePercent({ traffic: '100/s', stable: '2%', candidate: '2%', slo: '5%' }),
    seeds: 2000,
    check: ({ outcomes, seeds }) => [atMost('aborted', outcomes.aborted, binomialBound(seeds, ALPHA, 0.99))],
  },
  {
    name: 'the same seeds, three times as bad',
    rehearsal: heldAtFivePercent({ traffic: '100/s', stable: '2%', candidate: '6%', slo: '5%' }),
    seeds: 2000,
    check: ({ outcomes, seeds }) => [atLeast('aborted', outcomes.aborted, Math.ceil(seeds * 0.99))],
  },
  {
    name: 'equal releases at 0.5 % errors, 1000/s',
    rehearsal: heldAtFivePercent({ traffic: '1000/s', stable: '0.5%', candidate: '0.5%', slo: '1%' }),
    seeds: 200,
    check: ({ outcomes, seeds }) => [atMost('aborted', outcomes.aborted, binomialBound(seeds, ALPHA, 0.99))],
  },
  {
    name: 'a healthy candidate at 0.1 % errors, 100/s, no steps, within 5 minutes',
    rehearsal: `
rehearsal: a healthy candidate without steps
replicas: 1
traffic: 100/s
start: v1
releases: { v1: { errors: 0.1% }, v2: { errors: 0.1% } }
events: [{ at: 0s, deploy: v2 }]
until: 5m
`,
    seeds: 100,
    check: ({ outcomes, seeds }) => [atLeast('promoted', outcomes.promoted, Math.ceil(seeds * 0.95))],
  },
  {
    name: '10 % errors against 0.1 %, 100/s, 5 % weight',
    rehearsal: heldAtFivePercent({ traffic: '100/s', stable: '0.1%', candidate: '10%', slo: '1%' }),
    seeds: 2000,
    check: ({ outcomes, seeds, decision, candidateErrors }) => [
      atLeast('aborted', outcomes.aborted, Math.ceil(seeds * 0.99)),
      {
        holds: decision !== null && decision.median <= 7000 && decision.p90 <= 13_000,
        says: `decided after ${formatDuration(decision?.median ?? 0)} in the median (at most 7s), ${formatDuration(decision?.p90 ?? 0)} at p90 (at most 13s)`,
      },
      {
        holds: candidateErrors.mean <= 4,
        says: `${candidateErrors.mean.toFixed(2)} errors of the candidate on average (at most 4)`,
      },
    ],
  },
];

let failed = false;
for (const { name, rehearsal, seeds, check } of CASES) {
  const count = Math.max(1, Math.round(seeds * SHARE));
  const started = process.cpuUsage();
  const result = await rehearseSeeds(await parsed(rehearsal), count, { check: false, stopWhenDecided: true });
  const seconds = process.cpuUsage(started).user / 1e6;
  console.log(`${name}: ${count} seeds, ${seconds.toFixed(1)} s`);
  for (const { holds, says } of check(result)) {
    console.log(`  ${holds ? 'ok ' : 'NO '} ${says}`);
    failed ||= !holds;
  }
}
process.exitCode = failed ? 1 : 0;

async function parsed(text: string): Promise<Rehearsal> {
  const { rehearsal, problems } = await parseRehearsal(text, 'bench/judge-false-alarms.ts');
  if (rehearsal === null) throw new Error(JSON.stringify(problems));
  return rehearsal;
}

function atMost(what: string, count: number, bound: number): Check {
  return { holds: count <= bound, says: `${count} ${what} (at most ${bound})` };
}

function atLeast(what: string, count: number, bound: number): Check {
  return { holds: count >= bound, says: `${count} ${what} (at least ${bound})` };
}

/** The smallest k that a binomial count does not exceed with this confidence. */
function binomialBound(trials: number, probability: number, confidence: number): number {
  let log = trials * Math.log(1 - probability);
  let covered = Math.exp(log);
  let count = 0;
  while (covered < confidence) {
    log += Math.log((trials - count) / (count + 1)) + Math.log(probability / (1 - probability));
    covered += Math.exp(log);
    count += 1;
  }
  return count;
}
