/** A step that ends with the judge's `pass`, by the evidence of the whole rollout or by some of its own. */

import type { JudgeSettings } from '../environment-spec.ts';
import { judge, type Reading, startEvidence } from '../judge/index.ts';
import { isPromotedFully, judgedApart, type JudgeStep, plannedSteps } from '../steps.ts';
import { activeRollout, changeRollout, type Turn } from '../turn.ts';
import { goOn } from './go-on.ts';
import { missingData, undecided, withData } from './missing-data.ts';
import { type Moved, type Scene, stay } from './scene.ts';

/**
 * Begins the evidence of a judge step that does not go by the rollout's, and drops it when that step is over. What the
 * gates send reaches the candidate alone, so there it is the absolute test that decides.
 */
export function withOwnEvidence(turn: Turn): Turn {
  const rollout = activeRollout(turn.state);
  if (rollout === null) return turn;
  const apart = judgedApart(rollout);
  if ((apart?.step ?? null) === (rollout.ownEvidence?.step ?? null)) return turn;
  if (apart === null) return changeRollout(turn, { ownEvidence: null });
  const { step, judge: settings } = apart;
  const compared = settings.counts === 'users' && rollout.evidence.hasStable;
  return changeRollout(turn, {
    ownEvidence: { step, evidence: startEvidence(settings.judge, compared), baseline: null },
  });
}

/** A judge that may act, with what it says now. */
export interface Judgement {
  readonly settings: JudgeSettings;
  readonly reading: Reading;
}

/** Every judge that watches now and may end the rollout: the rollout's own, and that of a judge step. */
export function judgements({ rollout, reading }: Scene): readonly Judgement[] {
  const { plan, judged } = rollout;
  if (!judged || plan.kind === 'rolling') return [];
  const asked = plan.kind === 'canary' || plan.after.judge !== null;
  const own = judgedApart(rollout)?.judge ?? presentJudge(rollout);
  return [
    ...(asked ? [{ settings: rollout.judge, reading }] : []),
    ...(own === null ? [] : [judgementOf(rollout, own)]),
  ].filter(({ settings }) => !settings.dry);
}

function presentJudge(rollout: Scene['rollout']): JudgeStep | null {
  const step = plannedSteps(rollout)[rollout.step];
  return step?.kind === 'judge' ? step : null;
}

function judgementOf({ ownEvidence, evidence }: Scene['rollout'], { judge: settings }: JudgeStep): Judgement {
  return { settings, reading: judge(ownEvidence?.evidence ?? evidence, settings) };
}

export function judgeStep(scene: Scene, step: JudgeStep): Moved {
  const { turn, rollout } = scene;
  if (isPromotedFully(rollout) || step.judge.dry) return goOn(scene, 'the judge only watches');
  const { settings, reading } = judgementOf(rollout, step);
  if (reading.verdict.kind === 'pass') return goOn(scene, reading.sentence);
  if (turn.now - rollout.stepAt >= settings.within) return undecided(scene, settings, reading);
  const missing = step.counts === 'users' ? missingData(scene) : null;
  return stay(withData(scene), `waits for the judge to say pass${missing === null ? '' : `: ${missing}`}`);
}
