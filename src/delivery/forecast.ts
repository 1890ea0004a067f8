/** What the judge of a strategy will do at a given traffic, told before anything is deployed. */

import type { JudgeSettings, Strategy } from './environment-spec.ts';
import { expectedDecision, type ExpectedDecision, expectedPass } from './judge/index.ts';
import { plannedSteps, weightAt } from './steps.ts';

export interface Forecast {
  /** Share of the requests at which a regression is met first. */
  readonly weight: number;
  /** Requests per second, and the share of them that fails on the stable release. */
  readonly rate: number;
  readonly baseline: number;
  /** Milliseconds. */
  readonly within: number;
  readonly regressions: readonly (ExpectedDecision & { readonly ratio: number })[];
  /** A candidate as good as stable, at the weight at which the plan waits for `pass`; `null` where it never does. */
  readonly pass: (ExpectedDecision & { readonly weight: number }) | null;
}

/** Regressions that are told of: so many times as many errors as stable has. */
const RATIOS: readonly number[] = [2, 3, 10];

/** `null` for a strategy without a judge that acts. */
export function forecast(
  strategy: Strategy,
  traffic: { readonly rate: number; readonly baseline: number },
): Forecast | null {
  const plan = judgedAt(strategy);
  if (plan === null) return null;
  const { weight, passAt, settings } = plan;
  const comparison = { ...traffic, settings };
  return {
    ...traffic,
    weight,
    within: settings.within,
    regressions: RATIOS.map((ratio) => ({ ratio, ...expectedDecision({ ...comparison, weight, ratio }) })),
    pass: passAt === null ? null : { weight: passAt, ...expectedPass({ ...comparison, weight: passAt, ratio: 1 }) },
  };
}

interface JudgedAt {
  readonly weight: number;
  readonly passAt: number | null;
  readonly settings: JudgeSettings;
}

/** After a blue-green switch the SLO alone judges, at all requests. */
function judgedAt(strategy: Strategy): JudgedAt | null {
  if (strategy.kind === 'rolling') return null;
  if (strategy.kind === 'blueGreen') {
    const { judge } = strategy.after;
    return judge === null || judge.dry ? null : { weight: 1, passAt: 1, settings: judge };
  }
  if (strategy.judge.dry) return null;
  const gates = { smoke: [], load: null, e2e: false };
  const steps = plannedSteps({ plan: strategy, gates, kind: 'deploy', stable: 1 });
  const first = steps.find((step) => step.kind === 'weight' && step.weight > 0);
  const asks = steps.findIndex((step) => step.kind === 'judge' || (step.kind === 'weight' && step.pass));
  const passAt = asks < 0 ? null : weightAt(steps, asks);
  return {
    weight: first?.kind === 'weight' ? first.weight : 1,
    passAt: passAt === 0 ? null : passAt,
    settings: strategy.judge,
  };
}
