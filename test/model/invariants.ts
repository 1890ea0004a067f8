/** The invariants I1–I10 of facts/rollouts.md section 10.2 for one move of the model; none of them remembers anything. */

import { dataOf, type RolloutEnded } from '../../src/delivery/entries.ts';
import type { Count } from '../../src/delivery/environment-spec.ts';
import type { Reading } from '../../src/delivery/judge/index.ts';
import { carriers } from '../../src/delivery/rehearsal/invariants/split-invariants.ts';
import { replicasFor } from '../../src/delivery/steps.ts';
import { activeRollout } from '../../src/delivery/turn.ts';
import { decidesAlike, type Engine, look, settle } from './engine-moves.ts';
import type { Happening, ModelState } from './model-state.ts';
import { apply, serve, type World } from './world.ts';

type Check = (happening: Happening, engine: Engine) => string | null;

/** The first invariant (or `only` that one) that a move breaks, with why; `null` when all hold. */
export function brokenBy(happening: Happening, engine: Engine, only: string | null = null): string | null {
  for (const [name, check] of Object.entries(CHECKS)) {
    if (only !== null && only !== name) continue;
    const message = check(happening, engine);
    if (message !== null) return `${name}: ${message}`;
  }
  return null;
}

const CHECKS: Readonly<Record<string, Check>> = {
  I1: sharesAddUp,
  I2: capacityBeforeTraffic,
  I3: enoughStays,
  I4: abortedGetsNothing,
  I5: lastPromotedServes,
  I6: ({ before, looked }, engine) =>
    looked && !decidesAlike(before, engine) ? 'the same state and observation gave two decisions' : null,
  I7: ({ after }) =>
    after.witness.open.length > 1 ? `${after.witness.open.join(' and ')} are under way at once` : null,
  I8: promotedWhenAllowed,
  I9: waitExplainsItself,
  I10: crashChangesNothing,
};

function sharesAddUp({ effects, after }: Happening): string | null {
  const splits = effects.flatMap(({ effect }) => (effect.kind === 'route' ? [effect.shares] : []));
  for (const shares of [...splits, after.world.shares]) {
    const values = Object.values(shares);
    const sum = values.reduce((total, share) => total + share, 0);
    if (values.length > 0 && (Math.abs(sum - 1) > 1e-9 || values.some((share) => share < 0))) {
      return `the split is ${JSON.stringify(shares)}`;
    }
  }
  return null;
}

/** A share that rises is carried by ready replicas, but where traffic has nowhere else to go: back to stable. */
function capacityBeforeTraffic({ effects, before, after }: Happening): string | null {
  for (const { effect, seen, world } of effects) {
    if (effect.kind !== 'route') continue;
    for (const [name, share] of Object.entries(effect.shares)) {
      const release = Number(name);
      const rises = share > (world.shares[release] ?? 0) + 1e-9;
      if (!rises || release === before.witness.lastPromoted) continue;
      const ready = seen.releases[release]?.ready ?? 0;
      const need = replicasFor(share, carriers(after.engine, effect.shares, seen));
      if (ready < need) return `#${name} was given ${share * 100}% with ${ready} of ${need} replicas ready`;
    }
  }
  return null;
}

/**
 * Nothing that is needed is taken away: in canary and blue-green stable keeps its full size until it was replaced and
 * `keep` is over; in rolling no replica goes whose end leaves fewer ready than the floor.
 */
function enoughStays({ effects, before, after }: Happening): string | null {
  const { spec, rollout } = after.engine;
  for (const { effect, world } of effects) {
    if (effect.kind !== 'scale') continue;
    const { desired = 0 } = world.running[effect.release] ?? {};
    if (effect.replicas >= desired) continue;
    const plan = rollout?.plan ?? spec.strategy;
    if (plan.kind === 'rolling') {
      const floor = spec.replicas - atMost(plan.maxUnavailable, spec.replicas);
      const left = readyIn(apply(world, effect));
      if (left < Math.min(floor, readyIn(world)) && left < readyIn(world)) {
        return `#${effect.release} went to ${effect.replicas} replicas, which leaves ${left} ready of at least ${floor}`;
      }
      continue;
    }
    const active = activeRollout(after.engine);
    const until = after.witness.fullUntil[effect.release] ?? 0;
    const needed = (active !== null && effect.release === before.witness.lastPromoted) || after.now < until;
    const goes = effect.release === after.witness.lastPromoted || needed;
    const dynamic =
      plan.kind === 'canary' && plan.stableScale === 'dynamic' && (active !== null || rollout?.outcome === 'aborted');
    const full = dynamic ? replicasFor(world.shares[effect.release] ?? 0, spec.replicas) : spec.replicas;
    if (goes && effect.replicas < full) {
      return `#${effect.release} should keep ${full} replicas and went to ${effect.replicas} replicas`;
    }
  }
  return null;
}

function atMost(count: Count, replicas: number): number {
  return 'count' in count ? count.count : Math.floor(count.share * replicas);
}

/** Ready replicas that requests can reach. */
function readyIn({ running, shares }: World): number {
  return Object.entries(running).reduce(
    (sum, [release, { ready }]) => sum + ((shares[Number(release)] ?? 0) > 0 ? ready : 0),
    0,
  );
}

/** After an abort nothing more goes to the candidate than went before, and where the engine rests nothing at all. */
function abortedGetsNothing({ effects, before, after, looked }: Happening, engine: Engine): string | null {
  const { aborted } = before.witness;
  if (aborted === null || after.witness.aborted !== aborted || aborted === after.witness.lastPromoted) return null;
  for (const { effect, world } of effects) {
    if (effect.kind === 'route' && (effect.shares[aborted] ?? 0) > (world.shares[aborted] ?? 0) + 1e-9) {
      return `#${aborted} was given more requests after it was aborted`;
    }
  }
  if (!looked || effects.length > 0 || (after.world.shares[aborted] ?? 0) === 0) return null;
  // A release that can't be taken back yet, because stable has not the replicas, is not at rest.
  const ready = after.world.running[after.witness.lastPromoted ?? 0]?.ready ?? 0;
  const rests = look(after, engine).effects.length === 0;
  return rests && ready >= after.engine.spec.replicas ? `#${aborted} goes on getting requests` : null;
}

function lastPromotedServes({ effects, after }: Happening): string | null {
  const { lastPromoted } = after.witness;
  if (after.engine.stable !== lastPromoted)
    return `stable is #${after.engine.stable}, the last promoted #${lastPromoted}`;
  if (after.witness.open.length > 0) return null;
  for (const { effect, world } of effects) {
    if (effect.kind !== 'route') continue;
    const wrong = Object.keys(effect.shares)
      .map(Number)
      .find((release) => release !== lastPromoted && !guarded(after, release) && (world.shares[release] ?? 0) === 0);
    if (wrong !== undefined) return `without a rollout #${wrong} was exposed`;
  }
  return null;
}

/** The guard keeps a small share on the release before. */
function guarded({ engine, now }: ModelState, release: number): boolean {
  const { rollout } = engine;
  return rollout !== null && (rollout.guardUntil ?? 0) > now && release === rollout.stable;
}

function promotedWhenAllowed({ entries, before, after }: Happening): string | null {
  for (const entry of entries) {
    if (entry.kind !== 'rollout.ended') continue;
    const { rollout, outcome, candidate, reading } = dataOf<RolloutEnded & { reading: Reading }>(entry);
    if (outcome !== 'promoted' && outcome !== 'promotedByHand') continue;
    const { spec } = before.engine;
    if (spec.approval.count > 0 && before.witness.approved !== candidate)
      return `#${candidate} was promoted without an approval`;
    if (spec.gates.smoke.length > 0 && !before.witness.passed.some((id) => id.startsWith(`${rollout} `))) {
      return `#${candidate} was promoted without its gates`;
    }
    if (outcome === 'promoted' && reading.verdict.kind === 'fail')
      return `#${candidate} was promoted although it is proven bad`;
    if (before.world.shares[candidate] !== 1) return `#${candidate} was promoted before it got all requests`;
    if (!after.witness.open.every((id) => id !== rollout)) return `${rollout} goes on after its end`;
  }
  return null;
}

function waitExplainsItself({ after, looked }: Happening): string | null {
  const rollout = activeRollout(after.engine);
  if (!looked || rollout === null) return null;
  const wait = after.engine.told?.wait ?? null;
  if (wait === null) return `${rollout.id} says of no wait what it waits for`;
  return wait.until === null && wait.command === null ? `"${wait.for}" has neither an end nor a command` : null;
}

/** Killed between any two effects of a look, the engine comes to rest where it would have without that. */
function crashChangesNothing({ before, effects, looked }: Happening, engine: Engine): string | null {
  if (!looked || effects.length === 0) return null;
  const served = { ...before, world: serve(before.world) };
  const calm = settle(served, engine);
  if (calm === null) return 'the engine does not come to rest when nothing happens';
  for (let done = 0; done <= effects.length; done += 1) {
    const crashed = settle(served, engine, done);
    if (crashed !== calm)
      return `killed after ${done} of ${effects.length} effects, it ends elsewhere:\n${calm}\n${crashed}`;
  }
  return null;
}
