/**
 * The one impure file of delivery: the loop around the engine. Observe → decide → save the intents → act → save the
 * outcomes. An intent is durable before its effect, and after a crash the world is observed before anything is done.
 */

import type { EntryDraft, Journal } from '../journal/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { messageOf } from '../kernel/fault.ts';
import { type Command, obey, type RefusalCode } from './command.ts';
import { decide } from './decide.ts';
import type { Effect } from './effect.ts';
import { type DeliveryEntry, effectDone, effectIntended, keyed } from './entries.ts';
import type { EngineRecord, EnvironmentState, Intent } from './engine-state.ts';
import type { EnvironmentSpec } from './environment-spec.ts';
import type { EnvironmentContext, Platform } from './platform.ts';
import type { RolloutStore } from './rollout-store.ts';
import { emptyState } from './turn.ts';

export interface ControllerOptions {
  /** `service/environment`. */
  readonly key: string;
  /** Used until the first deployment brings its own. */
  readonly spec: EnvironmentSpec;
  readonly store: RolloutStore;
  readonly platform: Platform;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Called after each intent and each outcome is saved: where a crash is most telling. */
  readonly onPoint?: (name: 'intent' | 'outcome') => void;
}

export interface CommandAnswer {
  readonly done: boolean;
  readonly answer: string;
  /** Set when it was refused. */
  readonly refusal: { readonly code: RefusalCode; readonly hint: string } | null;
}

/** Calls may overlap; they are done one after another, in order. */
export interface Controller {
  /** Looks at the world and does what follows from it. Returns whether anything was changed. */
  tick(signal?: AbortSignal): Promise<boolean>;
  /** Obeys and acts on it at once. */
  command(command: Command, signal?: AbortSignal): Promise<CommandAnswer>;
  state(): EnvironmentState;
}

/** How often one tick may act and look again before it leaves the rest to the next tick. */
const ROUNDS = 4;

/** Reads the record of the environment, or begins an empty one, and resolves what a crash has left open. */
export async function createController(options: ControllerOptions): Promise<Controller> {
  const { key, store, platform, journal, clock, onPoint } = options;
  const loaded = await store.load(key);
  const origin = clock.monotonic();
  const resumedAt =
    loaded === null ? 0 : loaded.record.time.engine + Math.max(0, clock.wall() - loaded.record.time.wall);
  const engineNow = (): number => Math.round(resumedAt + clock.monotonic() - origin);
  let version = loaded?.version ?? 0;
  let state: EnvironmentState = loaded?.record.state ?? emptyState(key, options.spec);
  let intents: readonly Intent[] = loaded?.record.intents ?? [];
  let queue: Promise<unknown> = Promise.resolve();

  /** Saves all at once, then tells the journal; entries that were saved and not told are told after a crash. */
  const save = async (
    next: EnvironmentState,
    open: readonly Intent[],
    entries: readonly DeliveryEntry[],
  ): Promise<void> => {
    const numbered: EnvironmentState = { ...next, lastEntry: next.lastEntry + entries.length };
    const outbox = keyed(key, entries, next.lastEntry + 1);
    const record: EngineRecord = {
      state: numbered,
      intents: open,
      outbox,
      time: { engine: engineNow(), wall: clock.wall() },
    };
    await store.save(key, version, record);
    version += 1;
    state = numbered;
    intents = open;
    tell(journal, outbox);
  };

  const context = (): EnvironmentContext => ({ key, spec: state.spec, releases: state.releases });

  /** The effects of a former life: the world is looked at anew, so they are closed, not repeated blindly. */
  const resolveOpen = async (): Promise<void> => {
    tell(journal, loaded?.record.outbox ?? []);
    if (intents.length === 0) return;
    const superseded = intents.map((intent) => effectDone(intent.number, 'superseded'));
    await save(intents.some(isRoute) ? { ...state, commanded: null } : state, [], superseded);
  };

  const perform = async (effects: readonly Effect[], signal: AbortSignal | undefined): Promise<void> => {
    const all = intents;
    for (const intent of all) {
      if (!effects.includes(intent.effect)) continue;
      const result = await attempt(() => platform.apply(context(), intent.effect, signal));
      const left = intents.filter((other) => other.number !== intent.number);
      // A split that may not have been taken over is not relied on: the next look commands it again if need be.
      const next = result !== 'done' && isRoute(intent) ? { ...state, commanded: null } : state;
      await save(next, left, [effectDone(intent.number, result)]);
      onPoint?.('outcome');
    }
  };

  const round = async (signal: AbortSignal | undefined): Promise<{ changed: boolean; acted: boolean }> => {
    const observation = await platform.observe(context(), signal);
    const decision = decide(state, observation, engineNow());
    const first = decision.state.lastIntent + 1;
    const open = decision.effects.map((effect, index): Intent => ({ number: first + index, effect }));
    const told = [...decision.entries, ...open.map(({ number, effect }) => effectIntended(number, effect))];
    if (decision.state === state && open.length === 0 && told.length === 0) return { changed: false, acted: false };
    await save({ ...decision.state, lastIntent: decision.state.lastIntent + open.length }, open, told);
    if (open.length > 0) onPoint?.('intent');
    await perform(decision.effects, signal);
    return { changed: true, acted: open.length > 0 };
  };

  const look = async (signal: AbortSignal | undefined): Promise<boolean> => {
    let { changed, acted } = await round(signal);
    for (let rounds = 1; acted && rounds < ROUNDS; rounds += 1) {
      const next = await round(signal);
      changed ||= next.changed;
      acted = next.acted;
    }
    return changed;
  };

  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  };

  await resolveOpen();
  return {
    tick: (signal) => inTurn(() => look(signal)),
    command: (command, signal) =>
      inTurn(async () => {
        const result = obey(state, command, engineNow());
        if (result.kind === 'refused') {
          const { code, message, hint } = result;
          return { done: false, answer: message, refusal: { code, hint } };
        }
        if (result.kind === 'done') {
          await save(result.turn.state, intents, result.turn.entries);
          await look(signal);
        }
        return { done: true, answer: result.answer, refusal: null };
      }),
    state: () => state,
  };
}

function isRoute(intent: Intent): boolean {
  return intent.effect.kind === 'route';
}

async function attempt(work: () => Promise<void>): Promise<'done' | { readonly failed: string }> {
  try {
    await work();
    return 'done';
  } catch (error) {
    return { failed: messageOf(error) };
  }
}

function tell(journal: Journal, outbox: readonly EntryDraft[]): void {
  if (outbox.length > 0) journal.append(outbox);
}
