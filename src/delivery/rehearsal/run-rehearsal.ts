/**
 * A rehearsal: the real engine on a simulated platform and a virtual clock. Time goes from one instant at which
 * something can happen to the next; at each the world moves, the engine looks, and the invariants are checked.
 */

import type { EnvironmentState } from '../engine-state.ts';
import { judgedRollout } from '../guard.ts';
import { activeRollout } from '../turn.ts';
import type { Expectation, Rehearsal } from './rehearsal.ts';
import type { Failure, RehearsalResult } from './rehearsal-result.ts';
import { createSchedule, type Schedule } from './schedule.ts';
import { differences, rowOf } from './scene.ts';
import { openTheatre, type Theatre, type TheatreOptions } from './theatre.ts';

export interface RunOptions extends TheatreOptions {
  /** Whether invariants are checked (the default). Off only where thousands of runs are counted. */
  readonly check?: boolean;
  /** Ends as soon as no event is left and no rollout is under way or guarded. */
  readonly stopWhenDecided?: boolean;
}

/** A result, with what only tests of the engine itself need. */
export interface RehearsalRun {
  readonly result: RehearsalResult;
  readonly state: EnvironmentState;
  /** How many points (after an intent or an outcome was saved) the engine has passed. */
  readonly points: number;
}

/** The same rehearsal gives the same result, to the bit, on every machine. */
export async function runRehearsal(rehearsal: Rehearsal, options: RunOptions = {}): Promise<RehearsalResult> {
  return (await performRehearsal(rehearsal, options)).result;
}

export async function performRehearsal(rehearsal: Rehearsal, options: RunOptions = {}): Promise<RehearsalRun> {
  const theatre = await openTheatre(rehearsal, options);
  const { clock, platform, engine, checker } = theatre;
  const schedule = createSchedule(rehearsal);
  const failures: Failure[] = [];
  const over = (now: number): boolean =>
    now >= rehearsal.until ||
    (options.stopWhenDecided === true && schedule.eventsOver(now) && judgedRollout(engine.state()) === null);

  for (let now = 0; ; now = schedule.next(now, platform.nextChange())) {
    clock.goTo(now);
    platform.advance(now);
    await look(theatre, { schedule, now, check: options.check ?? true, failures });
    if (over(now)) break;
  }
  const violations = checker.violations().map((violation): Failure => {
    return { at: violation.at, message: `${violation.invariant}: ${violation.message}` };
  });
  const all = [...failures, ...violations].sort((one, other) => one.at - other.at);
  return { result: resultOf(theatre, all), state: engine.state(), points: engine.points() };
}

interface Look {
  readonly now: number;
  readonly schedule: Schedule;
  readonly check: boolean;
  readonly failures: Failure[];
}

/** What is due happens, the engine looks, then everyone else does. */
async function look(theatre: Theatre, { now, schedule, check, failures }: Look): Promise<void> {
  const { engine, performer, platform, decisions, timeline, cast } = theatre;
  for (const { action } of schedule.eventsAt(now)) {
    const refusal = await performer.perform(action);
    if (refusal !== null) decisions.refused(now, refusal);
    // Each command by itself: what was right before the next one may not be right after it.
    note(theatre, { now, check, always: false });
  }
  await engine.tick();
  note(theatre, { now, check, always: true });
  timeline.add(rowOf(now, engine.state(), { cast, observation: platform.truth() }));
  for (const expectation of schedule.expectationsAt(now)) failures.push(...disappointments(theatre, expectation, now));
}

/** Shows the invariants and the log of decisions what the engine has done since the last time, if anything. */
function note(
  { engine, platform, checker, decisions, effects, entries }: Theatre,
  { now, check, always }: { now: number; check: boolean; always: boolean },
): void {
  const [written, applied] = [entries.take(), effects.take()];
  decisions.add(written, now);
  if (!check || (!always && written.length === 0 && applied.length === 0)) return;
  const [state, observation] = [engine.state(), platform.truth()];
  checker.observe({ at: now, state, observation, effects: applied, entries: written });
}

function disappointments(theatre: Theatre, expectation: Expectation, now: number): readonly Failure[] {
  const { cast, engine, platform, decisions } = theatre;
  const state = engine.state();
  const name = (release: number | null | undefined): string | null =>
    typeof release === 'number' ? cast.labelOf(state, release) : null;
  const rollout = activeRollout(state);
  const { match, mirror } = platform.route();
  const { errors, unserved, mostMoves: moves, byRelease } = usersOf(theatre);
  const found = differences(expectation, {
    row: rowOf(now, state, { cast, observation: platform.truth() }),
    stable: name(state.stable),
    candidate: name(rollout?.candidate),
    outcome: decisions.ended().at(-1)?.outcome ?? null,
    queued: name(state.queued?.release),
    approvals: rollout?.approvals.length ?? 0,
    mirror: mirror?.share ?? 0,
    match: name(match?.release),
    command: state.told?.wait?.command ?? null,
    refused: decisions.lastRefusal(),
    errors,
    unserved,
    moves,
    requests: Object.fromEntries(Object.entries(byRelease).map(([label, seen]) => [label, seen.requests])),
  });
  const because = state.rollout === null ? '' : ` (${state.rollout.because})`;
  return found.map((difference) => ({ at: now, message: `${difference}${because}` }));
}

function resultOf(theatre: Theatre, failures: readonly Failure[]): RehearsalResult {
  const { cast, engine, decisions, timeline } = theatre;
  const label = (release: number): string => cast.labelOf(engine.state(), release);
  const rollouts = decisions.ended().map(({ candidate, outcome, at, duration, because }) => {
    return { candidate: label(candidate), outcome, startedAt: at - duration, endedAt: at, because };
  });
  return {
    ok: failures.length === 0,
    timeline: timeline.rows(),
    decisions: decisions.rows(),
    failures,
    rollouts,
    users: usersOf(theatre),
  };
}

/** What users have seen so far, by the labels of the releases. */
function usersOf({ cast, engine, platform }: Theatre): RehearsalResult['users'] {
  const { byRelease, ...users } = platform.users();
  const label = (release: string): string => cast.labelOf(engine.state(), Number(release));
  const seen = Object.entries(byRelease).map(([release, counted]) => [label(release), counted] as const);
  return { ...users, byRelease: Object.fromEntries(seen) };
}
