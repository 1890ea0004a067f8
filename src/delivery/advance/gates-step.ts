/** Gates: each must pass, one after the other. One that fails ends the rollout; one that can't be done is tried again. */

import { rolloutGated } from '../entries.ts';
import type { Rollout } from '../engine-state.ts';
import type { GateVerdict } from '../gate.ts';
import type { Observation } from '../observation.ts';
import { gatesLimit, type GatesStep } from '../steps.ts';
import { activeRollout, changeRollout, type Turn } from '../turn.ts';
import { gateRunId, nextGate } from '../wanted-gates.ts';
import { goOn } from './go-on.ts';
import { awaitWorld, type Moved, type Scene } from './scene.ts';

/** Remembers how the run that was under way has ended: what the platform knows of it may be gone at the next look. */
export function withGateResult(turn: Turn, { gates }: Observation): Turn {
  const rollout = activeRollout(turn.state);
  const order = rollout === null ? null : nextGate(rollout);
  if (rollout === null || order === null) return turn;
  const { gate } = order;
  const run = gateRunId(rollout, gate);
  const status = gates[run];
  if (status === undefined || status.kind === 'running') return turn;
  const { kind: result, summary } = status;
  const entry = rolloutGated({ rollout: rollout.id, run, gate, result, summary, at: turn.now });
  return changeRollout(turn, remembered(rollout, { run, gate, status, now: turn.now }), entry);
}

interface Ended {
  readonly run: string;
  readonly gate: 'smoke' | 'load' | 'e2e';
  readonly status: GateVerdict;
  readonly now: number;
}

function remembered({ gateErrors, gateResults }: Rollout, { run, gate, status, now }: Ended): Partial<Rollout> {
  const { kind, summary } = status;
  if (kind === 'error') {
    const count = (gateErrors[gate]?.count ?? 0) + 1;
    return { gateErrors: { ...gateErrors, [gate]: { count, at: now, summary } } };
  }
  return { gateResults: { ...gateResults, [run]: { gate, passed: kind === 'passed', summary } } };
}

/** Why the rollout can't go on because of a gate that failed; `null` while none has. */
export function failedGate({ gateResults }: Rollout): string | null {
  const failed = Object.values(gateResults).find(({ passed }) => !passed);
  return failed === undefined ? null : `the gate ${failed.gate} failed: ${failed.summary}`;
}

export function gatesStep(scene: Scene, step: GatesStep): Moved {
  const { rollout } = scene;
  const order = nextGate(rollout);
  if (order === null) return goOn(scene, `passed: ${step.orders.map(({ gate }) => gate).join(', ')}`);
  const trouble = rollout.gateErrors[order.gate];
  const why = trouble === undefined ? '' : `, which could not be done: ${trouble.summary}`;
  const waiting = `waits for the gate ${order.gate}${why}`;
  return awaitWorld(scene, { waiting, since: rollout.stepAt, limit: gatesLimit(rollout.plan, step) });
}
