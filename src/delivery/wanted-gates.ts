/**
 * Which gate runs should be under way: a function of the rollout and the time, computed anew at each look like the
 * split and the sizes (`wants.ts`). One gate after the other, the cheap ones first; the first that fails ends it all.
 */

import type { GatesEffect } from './effect.ts';
import type { EnvironmentState, Rollout } from './engine-state.ts';
import type { GateName, GateOrder, GateRun } from './gate.ts';
import type { Observation } from './observation.ts';
import { plannedSteps } from './steps.ts';
import { activeRollout } from './turn.ts';

/** A gate that could not be done is tried again after this long, then after twice as long, and so on … */
const RETRY_AFTER = 1000;
/** … up to this, until the step's deadline. */
const LONGEST_WAIT = 30_000;

/** What the engine wants to be running now: one run at most. */
function wantedGates(state: EnvironmentState, now: number): readonly GateRun[] {
  const rollout = activeRollout(state);
  if (rollout === null || state.removed || !gatesMayRun(rollout)) return [];
  const order = nextGate(rollout);
  if (order === null) return [];
  const trouble = rollout.gateErrors[order.gate];
  const wait = trouble === undefined ? 0 : Math.min(LONGEST_WAIT, RETRY_AFTER * 2 ** (trouble.count - 1));
  if (trouble !== undefined && now - trouble.at < wait) return [];
  return [{ id: gateRunId(rollout, order.gate), release: rollout.candidate, order }];
}

/** Id of the next run of a gate: each try has one of its own. */
export function gateRunId({ id, gateErrors }: Rollout, gate: GateName): string {
  return `${id} ${gate} ${(gateErrors[gate]?.count ?? 0) + 1}`;
}

/** The effect that brings the runs that are under way to the wanted ones; none when they are. */
export function gatesEffects(state: EnvironmentState, { gates }: Observation, now: number): readonly GatesEffect[] {
  const runs = wantedGates(state, now);
  const asWanted = Object.keys(gates).length === runs.length && runs.every(({ id }) => gates[id] !== undefined);
  return asWanted ? [] : [{ kind: 'gates', runs }];
}

/** The first gate of the present step that has not passed; `null` when all have, or the step has none. */
export function nextGate(rollout: Rollout): GateOrder | null {
  const step = plannedSteps(rollout)[rollout.step];
  if (step?.kind !== 'gates') return null;
  return step.orders.find(({ gate }) => !hasPassed(rollout, gate)) ?? null;
}

function hasPassed({ gateResults }: Rollout, gate: GateName): boolean {
  return Object.values(gateResults).some((result) => result.gate === gate && result.passed);
}

/** While a person looks (a pause by hand) they go on; what waits for a person's decision or approval has none. */
function gatesMayRun({ phase, reason }: Rollout): boolean {
  return phase === 'progressing' || reason === 'manual';
}
