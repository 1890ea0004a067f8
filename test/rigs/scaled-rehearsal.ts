/** A rehearsal made shorter: real time is dear, so pauses, deadlines and instants are divided by one factor. */

import type {
  CanaryPlan,
  EnvironmentSpec,
  JudgeSettings,
  Rehearsal,
  RehearsalAction,
  Step,
  Strategy,
} from '../../src/delivery/index.ts';

/** Rates and shares stay: what is judged is judged on as many requests a second as before. */
export function scaledRehearsal(rehearsal: Rehearsal, factor: number): Rehearsal {
  const time = (milliseconds: number): number => Math.round(milliseconds / factor);
  return {
    ...rehearsal,
    spec: scaledSpec(rehearsal.spec, time),
    releases: Object.fromEntries(
      Object.entries(rehearsal.releases).map(([name, release]) => [
        name,
        {
          ...release,
          startsIn: release.startsIn === 'never' ? release.startsIn : time(release.startsIn),
          gateTakes: release.gateTakes === null ? null : time(release.gateTakes),
        },
      ]),
    ),
    events: rehearsal.events.map(({ at, action }) => ({ at: time(at), action: scaledAction(action, time) })),
    until: time(rehearsal.until),
    expect: rehearsal.expect.map((one) => ({ ...one, at: time(one.at) })),
  };
}

type Time = (milliseconds: number) => number;

function scaledSpec(spec: EnvironmentSpec, time: Time): EnvironmentSpec {
  const { strategy, guard, approval, gates } = spec;
  return {
    ...spec,
    strategy: scaledStrategy(strategy, time),
    guard: time(guard),
    approval: { ...approval, expires: approval.expires === null ? null : time(approval.expires) },
    gates: { ...gates, load: gates.load === null ? null : { ...gates.load, for: time(gates.load.for) } },
  };
}

function scaledStrategy(strategy: Strategy, time: Time): Strategy {
  const deadline = time(strategy.deadline);
  switch (strategy.kind) {
    case 'rolling':
      return { ...strategy, deadline };
    case 'blueGreen': {
      const { before, after, keep } = strategy;
      const change = typeof strategy.switch === 'string' ? strategy.switch : { after: time(strategy.switch.after) };
      const load = before.load === null ? null : { ...before.load, for: time(before.load.for) };
      const judges = {
        before: { ...before, load, judge: before.judge === null ? null : scaledJudge(before.judge, time) },
        after: { judge: after.judge === null ? null : scaledJudge(after.judge, time) },
      };
      return { ...strategy, deadline, switch: change, ...judges, keep: time(keep) };
    }
    case 'canary':
      return { ...scaledCanary(strategy, time), deadline };
  }
}

function scaledCanary(plan: CanaryPlan, time: Time): CanaryPlan {
  return {
    ...plan,
    steps: plan.steps?.map((step) => scaledStep(step, time)) ?? null,
    judge: scaledJudge(plan.judge, time),
    keep: time(plan.keep),
    keepAborted: time(plan.keepAborted),
  };
}

function scaledStep(step: Step, time: Time): Step {
  if (step.kind === 'judge') return { ...step, judge: scaledJudge(step.judge, time) };
  if (step.kind !== 'pause' || step.duration === 'manual') return step;
  return { ...step, duration: time(step.duration) };
}

function scaledJudge(judge: JudgeSettings, time: Time): JudgeSettings {
  return { ...judge, within: time(judge.within) };
}

function scaledAction(action: RehearsalAction, time: Time): RehearsalAction {
  if (action.kind === 'strategy') return { ...action, strategy: scaledStrategy(action.strategy, time) };
  if (action.kind !== 'set') return action;
  const { change } = action;
  return {
    ...action,
    change: {
      ...change,
      ...(typeof change.startsIn === 'number' ? { startsIn: time(change.startsIn) } : {}),
    },
  };
}
