/** A person lets a rollout go on, or all the way. */

import { done, nothingUnderWay, refused, type CommandResult } from './command-result.ts';
import { judge } from './judge/index.ts';
import { stepWhenPromotedFully } from './steps.ts';
import { startRollout, waitForApproval } from './starting.ts';
import { activeRollout, changeRollout, enterStep, isApproved, nextStep, personOf, type Turn, unpause } from './turn.ts';

/** Ends the present pause. */
export function promote(turn: Turn): CommandResult {
  const rollout = activeRollout(turn.state);
  if (rollout === null) return nothingUnderWay(turn.state, 'promote');
  if (rollout.reason === 'approval') {
    const hint = 'Use "slipway approve", or "slipway reject".';
    return refused('delivery/not-approved', `${waitForApproval(rollout)}.`, hint);
  }
  if (rollout.phase !== 'paused' && rollout.missingSince === null) {
    const message = `The rollout of #${rollout.candidate} is not paused: ${rollout.because}.`;
    const hint = 'Wait for it, or end it with "slipway promote --full" or "slipway abort".';
    return refused('delivery/not-paused', message, hint);
  }
  const because = `${personOf(turn)} promoted`;
  if (rollout.reason === 'deadline') return done(enterStep(turn, rollout.step, because), 'waits once more');
  if (rollout.reason === 'manual') return done(unpause(turn, because), 'goes on');
  const next = nextStep(rollout);
  // Only the judge is waited for; whether all requests really go to the candidate is for the walk to see.
  if (next === null) return promoteFully(turn);
  const undecided = rollout.reason === 'inconclusive' || rollout.missingSince !== null;
  const decided = undecided ? changeRollout(turn, { byHand: true }) : turn;
  return done(enterStep(decided, next, because), `goes on with #${rollout.candidate}`);
}

/** Skips the judge and the pauses that are left; gates and approvals are not skipped. */
export function promoteFully(turn: Turn): CommandResult {
  const rollout = activeRollout(turn.state);
  if (rollout === null) return promoteAborted(turn);
  const decided = changeRollout(turn, { byHand: true, judged: false });
  if (!isApproved(rollout)) {
    const step = stepWhenPromotedFully(rollout);
    return done(changeRollout(decided, { step }), `${waitForApproval(rollout)}; then it goes on fully`);
  }
  return done(
    enterStep(decided, stepWhenPromotedFully(rollout), `${personOf(turn)} promoted it fully`),
    `all requests go to #${rollout.candidate} when it is ready`,
  );
}

/** What was aborted goes all the way when a person wants it to, even what is proven bad (facts/rollouts.md, C02). */
function promoteAborted(turn: Turn): CommandResult {
  const { rollout } = turn.state;
  if (rollout?.outcome !== 'aborted' || rollout.kind !== 'deploy') return nothingUnderWay(turn.state, 'promote');
  const { candidate, evidence, approvals, judge: settings } = rollout;
  const { verdict, sentence } = judge(evidence, settings);
  const because = `${personOf(turn)} promoted it fully after it was aborted`;
  const result = promoteFully(startRollout(turn, { kind: 'deploy', candidate, evidence, approvals, because }));
  if (result.kind !== 'done' || verdict.kind !== 'fail') return result;
  return { ...result, answer: `${result.answer}, although it is PROVEN BAD: ${sentence}` };
}
