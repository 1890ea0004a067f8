/** The model: two releases, and everything that people and the world can do to a rollout, in every order. */

import type { Command } from '../../src/delivery/command.ts';
import type { EnvironmentSpec } from '../../src/delivery/environment-spec.ts';
import type { GateStatus } from '../../src/delivery/gate.ts';
import { releaseDigest } from '../../src/delivery/release.ts';
import { activeRollout, emptyState } from '../../src/delivery/turn.ts';
import { contentOf } from '../rigs/engine-rig.ts';
import { canonicalKey } from './canonical.ts';
import { effectsOf, type Engine, look, order, REAL_ENGINE } from './engine-moves.ts';
import { type Exploration, explore, type Move, type Step } from './explore.ts';
import { brokenBy } from './invariants.ts';
import type { Happening, ModelState } from './model-state.ts';
import { NOBODY } from './witness.ts';
import { setReady, type World } from './world.ts';

export interface ModelOptions {
  readonly spec: EnvironmentSpec;
  /** How often each move may be made: `deploy`, `abort`, `scale`, `crash`, `not ready`, …; a missing one never. */
  readonly budget: Readonly<Record<string, number>>;
  readonly engine?: Engine;
  /** Only this invariant is checked. */
  readonly only?: string;
  readonly most?: number;
}

/** Visits everything that can happen; the engine holds its invariants in all of it, or the shortest trace is given. */
export function checkModel({ spec, budget, engine = REAL_ENGINE, only, most = 60_000 }: ModelOptions): Exploration {
  const model: Model = { engine, judged: (happening) => judged(happening, engine, only ?? null) };
  return explore({
    start: serving(spec, budget),
    moves: (state) => movesOf(state, model),
    keyOf: canonicalKey,
    most,
  });
}

interface Model {
  readonly engine: Engine;
  judged(happening: Happening): Step<ModelState>;
}

/** #1 is promoted and serves. */
function serving(spec: EnvironmentSpec, left: ModelState['left']): ModelState {
  const content = contentOf(1);
  const release = { number: 1, digest: releaseDigest(content), content, revision: null };
  const empty = emptyState('herald/local', spec);
  const running = { 1: { desired: spec.replicas, ready: spec.replicas } };
  const world: World = { running, shares: { 1: 1 }, served: {}, regressed: [], gates: {} };
  const commanded = { ...empty, releases: { 1: release }, stable: 1, lastRelease: 1 };
  const state: ModelState = { engine: commanded, world, now: 0, witness: { ...NOBODY, lastPromoted: 1 }, left };
  // What it was last told is in force and known to be.
  return look(look(state, REAL_ENGINE).after, REAL_ENGINE).after;
}

function movesOf(state: ModelState, model: Model): readonly Move<ModelState>[] {
  const { engine } = model;
  const moves: Move<ModelState>[] = [
    { name: 'look', make: () => model.judged(look(state, engine)) },
    ...timeMoves(state),
    ...worldMoves(state),
    ...COMMANDS.flatMap((one) => commandMoves(state, model, one)),
  ];
  if (allowed(state, 'crash')) {
    for (let done = 0; done < effectsOf(state, engine); done += 1) {
      const make = (): Step<ModelState> => model.judged(look(spent(state, 'crash'), engine, done));
      moves.push({ name: `killed after ${done} effects`, make });
    }
  }
  return moves;
}

function judged(happening: Happening, engine: Engine, only: string | null): Step<ModelState> {
  return { state: happening.after, broken: brokenBy(happening, engine, only) };
}

/** Time goes to the end of what is waited for. */
function timeMoves(state: ModelState): readonly Move<ModelState>[] {
  const until = state.engine.told?.wait?.until ?? null;
  const { guardUntil = null } = state.engine.rollout ?? {};
  const ends = [until, guardUntil].filter((time) => time !== null && time > state.now);
  return ends.map((end) => ({
    name: `time goes on by ${((end ?? 0) - state.now) / 1000} s`,
    make: () => ({ state: { ...state, now: end ?? state.now }, broken: null }),
  }));
}

function worldMoves(state: ModelState): readonly Move<ModelState>[] {
  const { world } = state;
  const change = (name: string, next: ModelState): Move<ModelState> => ({
    name,
    make: () => ({ state: next, broken: null }),
  });
  const moves: Move<ModelState>[] = [];
  for (const [name, { desired, ready }] of Object.entries(world.running)) {
    const release = Number(name);
    if (ready < desired) moves.push(change(`#${name} ready`, { ...state, world: setReady(world, release, desired) }));
    if (ready > 0 && allowed(state, 'not ready')) {
      const next = spent(state, 'not ready');
      moves.push(change(`#${name} not ready`, { ...next, world: setReady(world, release, 0) }));
    }
  }
  if (allowed(state, 'regress') && !world.regressed.includes(2)) {
    moves.push(change('#2 regresses', { ...spent(state, 'regress'), world: { ...world, regressed: [2] } }));
  }
  for (const [id, status] of Object.entries(world.gates)) {
    if (status.kind !== 'running') continue;
    const end = (kind: 'passed' | 'failed'): ModelState => {
      const gates: Record<string, GateStatus> = { ...world.gates, [id]: { kind, summary: kind } };
      const passed = kind === 'passed' ? [...state.witness.passed, id] : state.witness.passed;
      return { ...state, world: { ...world, gates }, witness: { ...state.witness, passed } };
    };
    moves.push(change('the gate passes', end('passed')), change('the gate fails', end('failed')));
  }
  return moves;
}

interface NamedCommand {
  readonly name: string;
  /** What its budget is counted under. */
  readonly budget: string;
  readonly command: (state: ModelState) => Command;
}

const verb = (kind: 'promote' | 'promoteFully' | 'abort' | 'retry' | 'pause' | 'resume' | 'remove'): NamedCommand => ({
  name: kind,
  budget: kind,
  command: () => ({ kind }),
});

const deploy = (version: number): NamedCommand => ({
  name: `deploy #${version}`,
  budget: 'deploy',
  command: ({ engine }) => ({ kind: 'deploy', content: contentOf(version), revision: null, spec: engine.spec }),
});

const COMMANDS: readonly NamedCommand[] = [
  deploy(2),
  { ...deploy(1), budget: 'deploy stable' },
  ...(['promote', 'promoteFully', 'abort', 'retry', 'pause', 'resume', 'remove'] as const).map(verb),
  {
    name: 'approve',
    budget: 'approve',
    command: () => ({ kind: 'approve', by: 'ana', groups: [], authenticated: false }),
  },
  { name: 'reject', budget: 'reject', command: () => ({ kind: 'reject', by: 'ana' }) },
  { name: 'rollback', budget: 'rollback', command: () => ({ kind: 'rollback', to: null }) },
  {
    name: 'scale',
    budget: 'scale',
    command: ({ engine }) => ({ kind: 'scale', replicas: engine.spec.replicas === 2 ? 3 : 2 }),
  },
];

function commandMoves(
  state: ModelState,
  model: Model,
  { name, budget, command }: NamedCommand,
): readonly Move<ModelState>[] {
  if (!allowed(state, budget)) return [];
  const happening = order(spent(state, budget), command(state));
  if (happening === null) return [];
  // A command that changes nothing is no move.
  if (happening.after.engine === state.engine) return [];
  return [{ name, make: () => model.judged(withApproval(happening, name)) }];
}

/** The witness has seen the yes itself. */
function withApproval(happening: Happening, name: string): Happening {
  if (name !== 'approve') return happening;
  const approved = activeRollout(happening.before.engine)?.candidate ?? null;
  return { ...happening, after: { ...happening.after, witness: { ...happening.after.witness, approved } } };
}

function allowed({ left }: ModelState, budget: string): boolean {
  return (left[budget] ?? 0) > 0;
}

function spent(state: ModelState, budget: string): ModelState {
  return { ...state, left: { ...state.left, [budget]: (state.left[budget] ?? 0) - 1 } };
}
