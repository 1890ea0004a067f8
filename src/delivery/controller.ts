/**
 * The one impure file of delivery: the loop around the engine. Observe → decide → save the intents → act → save the
 * outcomes. An intent is durable before its effect, and after a crash the world is observed before anything is done.
 */

import type { Journal } from '../journal/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Fault, messageOf } from '../kernel/fault.ts';
import { type Command, obey } from './command.ts';
import { type CommandResult, refused, type RefusalCode } from './command-result.ts';
import { decide } from './decide.ts';
import { effectDone, effectIntended } from './entries.ts';
import type { EnvironmentState, Intent } from './engine-state.ts';
import type { EnvironmentSpec } from './environment-spec.ts';
import type { EnvironmentContext, Platform } from './platform.ts';
import type { Release } from './release.ts';
import { activeRollout } from './turn.ts';
import type { RolloutStore } from './rollout-store.ts';
import { openSavedState, type SavedState } from './saved-state.ts';
import { afterEffect, type Attempt } from './setbacks.ts';

export interface ControllerOptions {
  /** `service/environment`. */
  readonly key: string;
  /** Used until the first deployment brings its own. */
  readonly spec: EnvironmentSpec;
  /** See `EnvironmentState`. */
  readonly origin?: string;
  readonly store: RolloutStore;
  readonly platform: Platform;
  readonly journal: Journal;
  readonly clock: Clock;
  /** How often one tick may act and look again before it leaves the rest to the next one; 4 unless given. */
  readonly rounds?: number;
  /** Called after each intent and each outcome is saved: where a crash is most telling. */
  readonly onPoint?: (name: 'intent' | 'outcome') => void;
}

export interface CommandAnswer {
  readonly done: boolean;
  readonly answer: string;
  /** Id of the rollout that it began or that goes on; `null` when none is under way because of it. */
  readonly rollout: string | null;
  /** The release that was deployed and waits until that rollout has ended; `null` when none does. */
  readonly queued: number | null;
  /** Set when it was refused. */
  readonly refusal: { readonly code: RefusalCode; readonly hint: string } | null;
}

/** Calls may overlap; they are done one after another, in order. */
export interface Controller {
  /** Looks at the world and does what follows from it. Returns whether anything was changed. */
  tick(signal?: AbortSignal): Promise<boolean>;
  /** Obeys and acts on it at once. What was obeyed is durable, also when the world can't be reached just now. */
  command(command: Command, signal?: AbortSignal): Promise<CommandAnswer>;
  /** Takes the environment out of the store when it is gone (`state().gone`); says whether it has. */
  forget(): Promise<boolean>;
  /** Whether there is anything to look after: not before the first command, nor after `forget`. */
  exists(): boolean;
  state(): EnvironmentState;
}

/** Reads the record of the environment, or begins an empty one, and resolves what a crash has left open. */
export async function createController(options: ControllerOptions): Promise<Controller> {
  const saved = await openSavedState(options);
  const look = createLook(saved, options);
  let queue: Promise<unknown> = Promise.resolve();

  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  };
  /** A rollback that could not run is refused before anything moves: `check` knows the world as it is now. */
  const withPreFlight = async (result: CommandResult, signal: AbortSignal | undefined): Promise<CommandResult> => {
    if (result.kind !== 'done') return result;
    const { state } = result.turn;
    const release = rollbackBegun(saved.state(), state);
    if (release === null) return result;
    const context = { key: options.key, spec: state.spec, releases: state.releases };
    const trouble = await unlessUnreachable(() => options.platform.check(context, release, signal));
    return trouble === null ? result : cannotRun(release.number, trouble);
  };
  const command = async (wish: Command, signal: AbortSignal | undefined): Promise<CommandAnswer> => {
    const result = await withPreFlight(obey(saved.state(), wish, saved.now()), signal);
    if (result.kind === 'refused') {
      const { code, message, hint } = result;
      return { done: false, answer: message, rollout: null, queued: null, refusal: { code, hint } };
    }
    const { answer } = result;
    if (result.kind === 'unchanged') return { done: true, answer, rollout: null, queued: null, refusal: null };
    // Before the look that follows, which may end it at once.
    const { state, entries } = result.turn;
    const rollout = activeRollout(state)?.id ?? null;
    const queued = wish.kind === 'deploy' ? (state.queued?.release ?? null) : null;
    await saved.save(state, saved.intents(), entries);
    const later = await lookIfPossible(() => look(signal));
    return { done: true, answer: `${answer}${later}`, rollout, queued, refusal: null };
  };
  const forget = async (): Promise<boolean> => {
    if (saved.exists() && saved.state().gone) await saved.remove();
    return !saved.exists();
  };

  await resolveOpen(saved);
  return {
    tick: (signal) => inTurn(() => look(signal)),
    command: (wish, signal) => inTurn(() => command(wish, signal)),
    forget: () => inTurn(forget),
    exists: () => saved.exists(),
    state: () => saved.state(),
  };
}

/** Observe → decide → save the intents → act → save the outcomes, again while there is something to do. */
function createLook(
  saved: SavedState,
  { key, platform, rounds: most = 4, onPoint }: ControllerOptions,
): (signal: AbortSignal | undefined) => Promise<boolean> {
  const context = (): EnvironmentContext => ({ key, spec: saved.state().spec, releases: saved.state().releases });

  /** Returns whether all of it could be done. */
  const perform = async (signal: AbortSignal | undefined): Promise<boolean> => {
    let well = true;
    for (const { number, effect } of saved.intents()) {
      const result = await attempt(() => platform.apply(context(), effect, signal));
      const left = saved.intents().filter((other) => other.number !== number);
      const next = afterEffect(saved.state(), effect, { result, now: saved.now() });
      await saved.save(next, left, [effectDone(number, result)]);
      onPoint?.('outcome');
      well &&= result === 'done';
    }
    return well;
  };
  const round = async (signal: AbortSignal | undefined): Promise<{ changed: boolean; again: boolean }> => {
    const observation = await platform.observe(context(), signal);
    const before = saved.state();
    const { state, effects, entries } = decide(before, observation, saved.now());
    const open = effects.map((effect, index): Intent => ({ number: state.lastIntent + 1 + index, effect }));
    const told = [...entries, ...open.map(({ number, effect }) => effectIntended(number, effect))];
    if (state === before && told.length === 0) return { changed: false, again: false };
    await saved.save({ ...state, lastIntent: state.lastIntent + open.length }, open, told);
    if (open.length > 0) onPoint?.('intent');
    // What failed is not tried again at once: the next tick sees to it.
    const well = await perform(signal);
    return { changed: true, again: open.length > 0 && well };
  };
  return async (signal) => {
    await resolveOpen(saved);
    let { changed, again } = await round(signal);
    for (let rounds = 1; again && rounds < most; rounds += 1) {
      const next = await round(signal);
      changed ||= next.changed;
      again = next.again;
    }
    return changed;
  };
}

/** The release that a command has begun to roll back to; `null` when it has begun no rollback. */
function rollbackBegun(before: EnvironmentState, { rollout, releases }: EnvironmentState): Release | null {
  if (rollout?.kind !== 'rollback' || rollout.id === before.rollout?.id) return null;
  return releases[rollout.candidate] ?? null;
}

/** Not knowing is no reason against a rollback: it waits for its replicas anyway before traffic moves. */
async function unlessUnreachable(check: () => Promise<string | null>): Promise<string | null> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== 'unreachable') throw error;
    return null;
  }
}

function cannotRun(release: number, trouble: string): CommandResult {
  const message = `#${release} could not run here now: ${trouble}.`;
  return refused('delivery/cannot-run', message, 'Nothing was changed. Roll back to another release, or deploy one.');
}

/**
 * Effects whose outcome is not known (of a former life, or because it could not be saved): the world is looked at anew,
 * so they are closed, not repeated blindly.
 */
async function resolveOpen(saved: SavedState): Promise<void> {
  saved.tell();
  const [state, intents] = [saved.state(), saved.intents()];
  if (intents.length === 0) return;
  const superseded = intents.map(({ number }) => effectDone(number, 'superseded'));
  const routed = intents.some(({ effect }) => effect.kind === 'route');
  await saved.save(routed ? { ...state, commanded: null } : state, [], superseded);
}

/**
 * What was obeyed and saved is not undone because the world can't be reached, or because another drives on from there: the
 * next tick acts on it, or that one does.
 */
async function lookIfPossible(look: () => Promise<boolean>): Promise<string> {
  try {
    await look();
    return '';
  } catch (error) {
    if (!(error instanceof Fault) || (error.kind !== 'unreachable' && error.code !== 'delivery/stale-version'))
      throw error;
    return `, as soon as that is possible: ${error.message}`;
  }
}

async function attempt(work: () => Promise<unknown>): Promise<Attempt['result']> {
  try {
    await work();
    return 'done';
  } catch (error) {
    return { failed: messageOf(error), ...(error instanceof Fault ? { hint: error.hint } : {}) };
  }
}
