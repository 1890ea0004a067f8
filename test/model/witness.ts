/** What somebody who only reads the journal knows: kept beside the engine, so that it can be caught lying. */

import { dataOf, type DeliveryEntry, type RolloutEnded, type RolloutStarted } from '../../src/delivery/entries.ts';
import type { EnvironmentSpec } from '../../src/delivery/environment-spec.ts';
import type { Rollout } from '../../src/delivery/engine-state.ts';
import { keepOf } from '../../src/delivery/steps.ts';
import type { Witness } from './model-state.ts';

export const NOBODY: Witness = {
  lastPromoted: null,
  open: [],
  approved: null,
  passed: [],
  fullUntil: {},
  aborted: null,
};

interface Scene {
  readonly now: number;
  readonly spec: EnvironmentSpec;
  readonly rollout: Rollout | null;
}

export function afterEntries(before: Witness, entries: readonly DeliveryEntry[], scene: Scene): Witness {
  return entries.reduce((witness, entry) => afterEntry(witness, entry, scene), before);
}

function afterEntry(witness: Witness, entry: DeliveryEntry, { now, spec, rollout }: Scene): Witness {
  if (entry.kind === 'rollout.started') {
    const { rollout: id, candidate } = dataOf<RolloutStarted>(entry);
    const approved = witness.approved === candidate ? candidate : null;
    return { ...witness, open: [...witness.open, id], approved, aborted: null };
  }
  if (entry.kind === 'environment.removed') return { ...NOBODY, open: witness.open };
  if (entry.kind !== 'rollout.ended') return witness;
  const { rollout: id, candidate, stable, outcome } = dataOf<RolloutEnded>(entry);
  const ended = { ...witness, open: witness.open.filter((one) => one !== id) };
  const own = rollout?.id === id ? rollout : null;
  const back = outcome === 'rolledBack' && own?.kind === 'rollback';
  if (outcome !== 'promoted' && outcome !== 'promotedByHand' && !back) {
    return {
      ...ended,
      approved: outcome === 'aborted' ? ended.approved : null,
      aborted: outcome === 'aborted' ? candidate : null,
    };
  }
  const { [candidate]: _, ...others } = ended.fullUntil;
  const keep = own === null ? 0 : Math.max(keepOf(own.plan), spec.guard);
  const fullUntil = stable === null || back ? others : { ...others, [stable]: now + keep };
  return { ...ended, lastPromoted: candidate, approved: null, aborted: null, fullUntil };
}
