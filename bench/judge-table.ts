/**
 * The long measurement of the judge: section 9.5 of facts/rollouts.md reproduced within the error of the simulations that
 * it comes from, how late regressions are found, and all bars, with 10,000 rehearsals of equal releases. Writes
 * `results/judge.json` and the tables of docs/judge.md. Ends with 1 when a bound is not met.
 * `node bench/judge-table.ts [SHARE]` with a share of the runs below 1 writes nothing.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, type Check, report } from './check.ts';
import { judgeBars } from './judge-bars.ts';
import { withTables } from './judge-document.ts';
import { FALSE_ALARMS, SECONDS, WALKS } from './judge-printed.ts';
import { type Law, walk } from './judge-recursion.ts';
import type { FalseAlarm, JudgeResults, LateRow, Seconds, SecondsRow, WalkRow } from './judge-results.ts';
import { runPure, runShipped, simulate, type Summary } from './judge-simulation.ts';

const SHARE = Number(process.argv[2] ?? 1);
const RESULTS = join(import.meta.dirname, 'results', 'judge.json');
const DOCUMENT = join(import.meta.dirname, '..', 'docs', 'judge.md');

/** Standard deviations of a printed figure that ours may be away from it: of a hundred one is, in one of twenty tries. */
const APART = 3.5;

const MOST_EVENTS = 2000;

function falseAlarms(): readonly FalseAlarm[] {
  const checks: Check[] = [];
  const rows = FALSE_ALARMS.rows.map(({ q, alpha, aborted: printed }) => {
    const { aborted } = walk({ q, ratio: 1, alpha, beta: null, most: MOST_EVENTS });
    checks.push(atMost(`q ${q}, α ${alpha}: aborted`, aborted, alpha));
    checks.push(shareAgrees(`… as printed (${printed})`, aborted, { printed, runs: FALSE_ALARMS.runs }));
    return { q, alpha, aborted: rounded(aborted), printed };
  });
  report('false alarms of the test from the start (exact)', checks);
  return rows;
}

function walks(): readonly WalkRow[] {
  const checks: Check[] = [];
  const rows = WALKS.rows.map(({ q, ratio, ...printed }) => {
    const { aborted, events, own } = walk({ q, ratio, alpha: 0.01, beta: 0.05, most: MOST_EVENTS });
    const { runs } = WALKS;
    const name = `q ${q}, ρ ${ratio}:`;
    if (printed.aborted !== undefined)
      checks.push(shareAgrees(`${name} aborted`, aborted, { printed: printed.aborted, runs }));
    if (printed.mean !== undefined)
      checks.push(meanAgrees(`${name} bad requests`, events, { printed: printed.mean, runs }));
    if (printed.own !== undefined)
      checks.push(meanAgrees(`${name} of the candidate`, own, { printed: printed.own, runs }));
    if (printed.median !== undefined)
      checks.push(quantileAgrees(`${name} median`, events.upTo, { printed: printed.median, share: 0.5, runs }));
    if (printed.p90 !== undefined)
      checks.push(quantileAgrees(`${name} p90`, events.upTo, { printed: printed.p90, share: 0.9, runs }));
    const [median, p90] = [events.quantile(0.5), events.quantile(0.9)];
    const exact = { aborted: rounded(aborted), mean: rounded(events.mean), median, p90, own: rounded(own.mean) };
    return { q, ratio, exact, printed };
  });
  report('bad requests until a decision (exact)', checks);
  return rows;
}

function seconds(): readonly SecondsRow[] {
  const checks: Check[] = [];
  const rows = SECONDS.rows.map(({ weight, rate, candidate, ...printed }) => {
    const arms = { weight, rate, stable: 0.001, candidate };
    const options = { runs: runsOf(SECONDS.runs), looks: 900 };
    const [pure, shipped] = [simulate(runPure, arms, options), simulate(runShipped, arms, options)];
    const name = `${weight * 100} % of ${rate}/s, ${candidate * 100} %:`;
    // Both figures come from a simulation.
    const runs = 1 / (1 / SECONDS.runs + 1 / options.runs);
    const law = { mean: pure.errors, deviation: pure.deviation };
    checks.push(meanAgrees(`${name} errors`, law, { printed: printed.errors, runs }));
    checks.push(quantileAgrees(`${name} median`, pure.upTo, { printed: printed.median, share: 0.5, runs }));
    checks.push(quantileAgrees(`${name} p90`, pure.upTo, { printed: printed.p90, share: 0.9, runs }));
    // What is bet on later tests costs a tenth of an error; a look later for it is not more than that.
    checks.push(atMost(`${name} median as shipped`, shipped.median ?? Infinity, 1 + 1.1 * printed.median));
    return { weight, rate, candidate, printed, pure: secondsOf(pure), shipped: secondsOf(shipped) };
  });
  report('seconds until a bad candidate is aborted', checks);
  return rows;
}

function late(): readonly LateRow[] {
  const rows = [0, 600, 3600].map((after) => {
    const arms = { weight: 0.05, rate: 100, stable: 0.001, candidate: 0.1, from: after };
    const options = { runs: runsOf(400), looks: after + 900 };
    const [pure, shipped] = [simulate(runPure, arms, options), simulate(runShipped, arms, options)];
    return { after, pure: secondsOf(pure), shipped: secondsOf(shipped) };
  });
  const [atOnce, , afterAnHour] = rows;
  report('a regression after a good hour', [
    atMost('seconds in the median', afterAnHour?.shipped.median ?? Infinity, 20),
    atMost('… as share of what the test from the start needs', share(afterAnHour), 0.7),
    atMost('seconds in the median at once', atOnce?.shipped.median ?? Infinity, 7),
  ]);
  return rows;
}

function share(row: LateRow | undefined): number {
  return (row?.shipped.median ?? Infinity) / (row?.pure.median ?? 1);
}

async function bars(): Promise<JudgeResults['bars']> {
  const results = [];
  for (const { name, runs, measure } of judgeBars(10_000)) {
    const count = runsOf(runs);
    const checks = await measure(count);
    report(`${count} ${name}`, checks);
    results.push({ runs: count, name, checks });
  }
  return results;
}

function runsOf(runs: number): number {
  return Math.max(1, Math.round(runs * SHARE));
}

function secondsOf({ median, p90, errors }: Summary): Seconds {
  return { median, p90, errors: rounded(errors) };
}

interface Printed {
  readonly printed: number;
  readonly runs: number;
}

function shareAgrees(what: string, share: number, { printed, runs }: Printed): Check {
  const bound = APART * Math.sqrt((share * (1 - share)) / runs) + lastDigit(printed) / 2;
  return {
    holds: Math.abs(share - printed) <= bound,
    says: `${what}: ${rounded(share)} (${printed} ± ${rounded(bound)})`,
  };
}

function meanAgrees(
  what: string,
  { mean, deviation }: Pick<Law, 'mean' | 'deviation'>,
  { printed, runs }: Printed,
): Check {
  const bound = (APART * deviation) / Math.sqrt(runs) + lastDigit(printed) / 2;
  return {
    holds: Math.abs(mean - printed) <= bound,
    says: `${what}: ${rounded(mean)} (${printed} ± ${rounded(bound)})`,
  };
}

/** Whether the printed value can be the quantile of so many draws: it has about its share of the law below it. */
function quantileAgrees(
  what: string,
  upTo: (value: number) => number,
  { printed, runs, share }: Printed & { readonly share: number },
): Check {
  const bound = APART * Math.sqrt((share * (1 - share)) / runs);
  const [below, until] = [upTo(printed - 1), upTo(printed)];
  const says = `${what} ${printed}: has ${rounded(below)} to ${rounded(until)} of the law below it (${share} ± ${rounded(bound)})`;
  return { holds: below <= share + bound && until >= share - bound, says };
}

/** What one more in the last printed digit is. */
function lastDigit(value: number): number {
  return 10 ** -(String(value).split('.')[1]?.length ?? 0);
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}

const results: JudgeResults = {
  falseAlarms: falseAlarms(),
  walks: walks(),
  seconds: seconds(),
  late: late(),
  bars: await bars(),
};
if (SHARE === 1) {
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(DOCUMENT, withTables(readFileSync(DOCUMENT, 'utf8'), results));
}
