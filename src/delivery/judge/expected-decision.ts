/**
 * What a comparison will come to before it has begun: how long a regression of a given size lasts until it is aborted,
 * and how many requests it spoils. Simulated with a fixed seed, so the same question has the same answer.
 */

import { drawBinomial } from '../../kernel/binomial.ts';
import { createRandom } from '../../kernel/random.ts';
import type { JudgeSettings } from '../environment-spec.ts';
import { breachLogs, logWithin } from './absolute.ts';
import { fineLogs, logFine, logLikelihoodRatio, worseLogs } from './relative.ts';
import { logSuspicion } from './suspicion.ts';

export interface ComparisonPlan {
  /** Share of the requests that the candidate gets; 1 where nothing serves beside it: then the SLO alone judges. */
  readonly weight: number;
  /** Requests per second, of both together. */
  readonly rate: number;
  /** Share of the requests that fail on the stable release. */
  readonly baseline: number;
  /** How many times as often the candidate fails. */
  readonly ratio: number;
  readonly settings: JudgeSettings;
}

export interface ExpectedDecision {
  /** Seconds until half, and until nine tenths, of such comparisons are decided; `null`: not within `within`. */
  readonly median: number | null;
  readonly p90: number | null;
  /** Share that is decided within `within`. */
  readonly decided: number;
  /** Requests of the candidate that fail until then (or until `within`), on average. */
  readonly harmed: number;
}

/** When a candidate that is `ratio` times as bad is aborted. */
export function expectedDecision(plan: ComparisonPlan): ExpectedDecision {
  const { weight, settings } = plan;
  const { falseAlarm, slo, tolerate } = settings;
  const bar = -Math.log(slo.p99 === null ? falseAlarm : falseAlarm / 2);
  const beside = linear((bad, events) => worseLogs({ bad, events, q: weight }, tolerate));
  const alone = linear((bad, requests) => breachLogs({ requests, bad }, slo.errors));
  return simulate(plan, (counted) => {
    if (likeliest(counted, plan) < bar) return false;
    const { requests, bad, events } = counted;
    const start = weight < 1 ? beside(bad, events) : alone(bad, requests);
    return logSuspicion({ start, later: [] }, 0) >= bar;
  });
}

/** When a candidate that is `ratio` times as bad (1: as good as stable) is proven fine. */
export function expectedPass(plan: ComparisonPlan): ExpectedDecision {
  const { weight, settings } = plan;
  const { miss, slo, detect } = settings;
  const bar = -Math.log(miss);
  const fine = linear((bad, events) => fineLogs({ bad, events, q: weight }, detect));
  return simulate(plan, ({ requests, bad, events }) => {
    if (logWithin({ requests, bad }, slo.errors) >= bar) return true;
    return weight < 1 && logFine(fine(bad, events)) >= bar;
  });
}

/** The same logarithms from two of them: they are linear in the bad requests and in all, and asked for very often. */
function linear(logs: (bad: number, all: number) => readonly number[]): typeof logs {
  const [ofBad, ofGood] = [logs(1, 1), logs(0, 1)];
  return (bad, all) => ofGood.map((good, index) => bad * ((ofBad[index] ?? 0) - good) + all * good);
}

interface Counted {
  /** Of the candidate. */
  readonly requests: number;
  readonly bad: number;
  /** Bad requests of both. */
  readonly events: number;
}

const RUNS = 300;

function simulate(plan: ComparisonPlan, isDecided: (counted: Counted) => boolean): ExpectedDecision {
  const { weight, rate, baseline, ratio } = plan;
  const random = createRandom(1);
  const looks = lookTimes(plan.settings.within / 1000);
  const own = Math.min(1, baseline * ratio);
  const times: number[] = [];
  let harmed = 0;
  for (let run = 0; run < RUNS; run += 1) {
    let [requests, others, bad, events] = [0, 0, 0, 0];
    let decided = Infinity;
    for (const time of looks) {
      const [more, rest] = [
        Math.floor(weight * rate * time) - requests,
        Math.floor((1 - weight) * rate * time) - others,
      ];
      const failed = drawBinomial(random, more, own);
      requests += more;
      others += rest;
      bad += failed;
      events += failed + drawBinomial(random, rest, baseline);
      if (!isDecided({ requests, bad, events })) continue;
      decided = time;
      break;
    }
    times.push(decided);
    harmed += bad;
  }
  times.sort((one, other) => one - other);
  const quantile = (share: number): number | null => finite(times[Math.ceil(share * RUNS) - 1]);
  return {
    median: quantile(0.5),
    p90: quantile(0.9),
    decided: times.filter((time) => time < Infinity).length / RUNS,
    harmed: harmed / RUNS,
  };
}

function finite(time: number | undefined): number | null {
  return time === undefined || time === Infinity ? null : time;
}

/** Every second at first; later so much apart that a time is at most 2 % too late. */
function lookTimes(within: number): readonly number[] {
  const times: number[] = [];
  for (let time = 1; time <= within; time += Math.max(1, Math.floor(time * 0.02))) times.push(time);
  return times;
}

/**
 * ln of the likelihood ratio of what was seen: no mixture of alternatives is more. Mostly it is below the bar, and much
 * cheaper.
 */
function likeliest({ requests, bad, events }: Counted, { weight, settings }: ComparisonPlan): number {
  if (weight < 1) {
    const { tolerate } = settings;
    const seen = bad === events ? Infinity : (bad / (events - bad)) * ((1 - weight) / weight);
    if (events === 0 || seen <= tolerate) return 0;
    return logLikelihoodRatio({ bad, events, q: weight }, Math.min(seen, 1000 * tolerate), tolerate);
  }
  const { errors } = settings.slo;
  const seen = bad / requests;
  if (bad === 0 || seen <= errors || errors <= 0) return 0;
  const ofGood = bad === requests ? 0 : (requests - bad) * Math.log((1 - seen) / (1 - errors));
  return bad * Math.log(seen / errors) + ofGood;
}
