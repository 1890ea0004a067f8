/** One fault for each invariant, each in the shape of a mistake that somebody could make in `decide`. */

import { isDeepStrictEqual } from 'node:util';
import { type Decision, decide } from '../../src/delivery/decide.ts';
import type { Effect, RouteEffect } from '../../src/delivery/effect.ts';
import { rolloutStarted } from '../../src/delivery/entries.ts';
import type { Rollout } from '../../src/delivery/engine-state.ts';
import { activeRollout } from '../../src/delivery/turn.ts';
import { type Engine, REAL_ENGINE } from './engine-moves.ts';

export interface PlantedFault {
  readonly invariant: string;
  readonly what: string;
  readonly engine: () => Engine;
}

type Spoil = (decision: Decision, ...given: Parameters<typeof decide>) => Decision;

function spoiled(spoil: Spoil): () => Engine {
  return () => ({ ...REAL_ENGINE, decide: (...given) => spoil(decide(...given), ...given) });
}

function withRoute(decision: Decision, change: (route: RouteEffect) => RouteEffect): Decision {
  const effects = decision.effects.map((effect): Effect => (effect.kind === 'route' ? change(effect) : effect));
  return { ...decision, effects };
}

function withRollout(decision: Decision, change: Partial<Rollout>): Decision {
  const { rollout } = decision.state;
  return rollout === null
    ? decision
    : { ...decision, state: { ...decision.state, rollout: { ...rollout, ...change } } };
}

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  {
    invariant: 'I1',
    what: 'the candidate gets its weight and stable keeps all of its own',
    engine: spoiled((decision, { stable }) =>
      withRoute(decision, (route) =>
        stable !== null && Object.keys(route.shares).length > 1
          ? { ...route, shares: { ...route.shares, [stable]: 1 } }
          : route,
      ),
    ),
  },
  {
    invariant: 'I2',
    what: 'the weight of the plan is commanded whoever is ready',
    engine: spoiled((decision, state) => {
      const rollout = activeRollout(decision.state);
      if (rollout === null || rollout.phase !== 'progressing' || rollout.stable === null) return decision;
      const shares = { [rollout.stable]: 0.5, [rollout.candidate]: 0.5 };
      if (isDeepStrictEqual(state.commanded?.shares, shares)) return decision;
      const { affinity } = state.spec;
      const route: Effect = { kind: 'route', shares, rollout: rollout.id, affinity, match: null, mirror: null };
      return { ...decision, effects: [route, ...decision.effects.filter(({ kind }) => kind !== 'route')] };
    }),
  },
  {
    invariant: 'I3',
    what: 'stable is stopped as soon as it is replaced',
    engine: spoiled((decision, state, { releases }) => {
      const { rollout } = decision.state;
      if (
        activeRollout(state) === null ||
        rollout?.outcome !== 'promoted' ||
        rollout.stable === null ||
        !(rollout.stable in releases)
      )
        return decision;
      return { ...decision, effects: [...decision.effects, { kind: 'scale', release: rollout.stable, replicas: 0 }] };
    }),
  },
  {
    invariant: 'I4',
    what: 'an abort takes back the replicas and forgets the route',
    engine: spoiled((decision) =>
      decision.state.rollout?.outcome === 'aborted'
        ? { ...decision, effects: decision.effects.filter(({ kind }) => kind !== 'route') }
        : decision,
    ),
  },
  {
    invariant: 'I5',
    what: 'an aborted candidate becomes stable',
    engine: spoiled((decision) => {
      const { rollout } = decision.state;
      if (rollout?.outcome !== 'aborted') return decision;
      return { ...decision, state: { ...decision.state, stable: rollout.candidate } };
    }),
  },
  {
    invariant: 'I6',
    what: 'a decision hangs on how often was decided before',
    engine: () => {
      let calls = 0;
      return {
        ...REAL_ENGINE,
        decide(...given) {
          calls += 1;
          const decision = decide(...given);
          return calls % 2 === 0 ? withRollout(decision, { because: `decision ${calls}` }) : decision;
        },
      };
    },
  },
  {
    invariant: 'I7',
    what: 'a second rollout begins beside the one under way',
    engine: spoiled((decision, state) => {
      const rollout = activeRollout(decision.state);
      const release = rollout === null ? undefined : decision.state.releases[rollout.candidate];
      if (
        rollout === null ||
        release === undefined ||
        rollout.number > 1 ||
        (state.rollout?.exposedAt ?? null) === null
      )
        return decision;
      const second: Rollout = { ...rollout, id: `${state.key}/2`, number: 2 };
      return { ...withRollout(decision, second), entries: [...decision.entries, rolloutStarted(second, release)] };
    }),
  },
  {
    invariant: 'I8',
    what: 'the approval is skipped',
    engine: spoiled((decision, state) =>
      activeRollout(state)?.reason === 'approval'
        ? withRollout(decision, { phase: 'progressing', reason: null, approval: { count: 0, by: [], expires: null } })
        : decision,
    ),
  },
  {
    invariant: 'I8',
    what: 'gates that run count as passed',
    engine: () => ({
      ...REAL_ENGINE,
      decide: (state, observation, now) => {
        const passed = { kind: 'passed', summary: 'surely' } as const;
        const gates = Object.fromEntries(Object.keys(observation.gates).map((id) => [id, passed]));
        return decide(state, { ...observation, gates }, now);
      },
    }),
  },
  {
    invariant: 'I8',
    what: 'what is proven bad is promoted',
    engine: spoiled((decision, state, observation, now) => {
      const rollout = activeRollout(state);
      if (rollout === null || decision.state.rollout?.outcome !== 'aborted') return decision;
      const promoted = { ...state, rollout: { ...rollout, judge: { ...rollout.judge, dry: true } } };
      return decide(promoted, observation, now);
    }),
  },
  {
    invariant: 'I9',
    what: 'a pause says nothing of how it ends',
    engine: spoiled((decision) => {
      const { told } = decision.state;
      if (told === null || told.phase !== 'paused' || told.wait === null) return decision;
      const wait = { ...told.wait, until: null, command: null };
      return { ...decision, state: { ...decision.state, told: { ...told, wait } } };
    }),
  },
  {
    invariant: 'I10',
    what: 'an engine that comes back takes the split that it had commanded for the one in force',
    engine: () => ({ ...REAL_ENGINE, recover: (saved) => saved }),
  },
];
