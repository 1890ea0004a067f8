/** I1, I2 and I4 of facts/rollouts.md section 10.2: what requests get. */

import { replicasFor } from '../../steps.ts';
import type { Invariant } from './instant.ts';
import { createRolloutLog } from './rollout-log.ts';

/** I1: Σ weights = 100 and each ≥ 0 at every observable instant, as commanded and in force. */
export function sharesAddUp(): Invariant {
  const complaint = (shares: Readonly<Record<number, number>>): string | null => {
    const values = Object.values(shares);
    if (values.length === 0) return null;
    const sum = values.reduce((total, share) => total + share, 0);
    const said = Object.entries(shares).map(([release, share]) => `#${release} ${share * 100}%`);
    return Math.abs(sum - 1) > 1e-9 || values.some((share) => share < 0) ? `the split is ${said.join(', ')}` : null;
  };
  return {
    name: 'I1',
    check({ observation, effects }) {
      const commanded = effects.flatMap(({ effect }) => (effect.kind === 'route' ? [effect.shares] : []));
      const all = [...commanded, ...(observation.traffic === null ? [] : [observation.traffic])];
      return all.map(complaint).find((found) => found !== null) ?? null;
    },
  };
}

/**
 * I2: the engine never commands a weight above the capacity of the ready replicas it last observed. The release that
 * serves (the stable one) is where traffic returns to whatever has become of it.
 */
export function capacityBeforeTraffic(serving: number | null): Invariant {
  let stable = serving;
  return {
    name: 'I2',
    check({ state, effects }) {
      const exempt = stable;
      ({ stable } = state);
      for (const { effect, seen } of effects) {
        if (effect.kind !== 'route') continue;
        for (const [name, share] of Object.entries(effect.shares)) {
          const release = Number(name);
          const rises = share > (seen.traffic?.[release] ?? 0) + 1e-9;
          if (release === exempt || !rises) continue;
          const need = replicasFor(share, state.spec.replicas);
          const ready = seen.releases[release]?.ready ?? 0;
          if (ready < need) return `#${name} was given ${share * 100}% with ${ready} of ${need} replicas ready`;
        }
      }
      return null;
    },
  };
}

/** How long the world may take. */
export interface Patience {
  /** A split that was commanded may come into force so many milliseconds later. */
  readonly delay: number;
  /** So long after its end a candidate may still get requests. */
  readonly patience: number;
}

/** I4: after an abort, eventually the candidate gets nothing, and that stays so. */
export function abortedGetsNothing(serving: number | null, { delay, patience }: Patience): Invariant {
  const read = createRolloutLog(serving);
  const withdrawn = new Map<number, { readonly since: number; gone: boolean }>();
  return {
    name: 'I4',
    check(instant) {
      const { at, observation, effects } = instant;
      const { ended, open, lastPromoted } = read(instant);
      for (const { end } of ended) withdrawn.set(end.candidate, { since: at, gone: false });
      for (const { candidate } of open) withdrawn.delete(candidate);
      if (lastPromoted !== null) withdrawn.delete(lastPromoted);
      const last = effects.findLast(({ effect }) => effect.kind === 'route')?.effect;
      for (const [release, record] of withdrawn) {
        const share = observation.traffic?.[release] ?? 0;
        const given = last?.kind === 'route' ? (last.shares[release] ?? 0) : 0;
        if (given > 0) return `#${release} was given traffic after its rollout had ended`;
        if (share > 0 && record.gone) return `#${release} gets ${share * 100}% again after its rollout had ended`;
        if (share > 0 && at - record.since > patience) {
          return `#${release} still gets ${share * 100}%, ${(at - record.since) / 1000} s after its rollout had ended`;
        }
        // What was commanded before the end may yet come into force, and is then undone.
        record.gone ||= share === 0 && at - record.since >= delay;
      }
      return null;
    },
  };
}
