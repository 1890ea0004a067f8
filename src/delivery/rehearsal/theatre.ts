/** Everything that a rehearsal needs, put together around one engine. */

import { createMemoryJournal } from '../../journal/index.ts';
import { createController } from '../controller.ts';
import type { EngineRecord } from '../engine-state.ts';
import { createMemoryRolloutStore } from '../memory-rollout-store.ts';
import { type Release, releaseDigest } from '../release.ts';
import { emptyState } from '../turn.ts';
import { type Cast, createCast, ENVIRONMENT, SERVICE } from './cast.ts';
import { createDecisionLog, type DecisionLog } from './decision-log.ts';
import { createInvariantChecker, type InvariantChecker } from './invariants/index.ts';
import { createPerformer, type Performer } from './perform.ts';
import { recordEffects, recordEntries } from './recorder.ts';
import type { Rehearsal } from './rehearsal.ts';
import { type CreateEngine, createRehearsedEngine, type RehearsedEngine } from './rehearsed-engine.ts';
import { createSimulatedPlatform, type SimulatedPlatform } from './simulated-platform.ts';
import { createTimeline, type Timeline } from './timeline.ts';
import { createVirtualClock, START_WALL, type VirtualClock } from './virtual-clock.ts';

export interface Theatre {
  readonly cast: Cast;
  readonly clock: VirtualClock;
  readonly platform: SimulatedPlatform;
  readonly engine: RehearsedEngine;
  readonly performer: Performer;
  readonly checker: InvariantChecker;
  readonly decisions: DecisionLog;
  readonly timeline: Timeline;
  readonly effects: ReturnType<typeof recordEffects>;
  readonly entries: ReturnType<typeof recordEntries>;
}

export interface TheatreOptions {
  /** The engine; the real one unless a test plants another. */
  readonly createEngine?: CreateEngine;
  /** Points (after an intent or an outcome was saved, counted from 1) at which the engine is killed. */
  readonly crashAt?: ReadonlySet<number>;
}

const KEY = `${SERVICE}/${ENVIRONMENT}`;

/** How long an aborted candidate may still get requests, besides twice the delay of the router. */
const PATIENCE = 30_000;

export async function openTheatre(rehearsal: Rehearsal, options: TheatreOptions): Promise<Theatre> {
  const cast = createCast(rehearsal);
  const clock = createVirtualClock();
  const serving = rehearsal.start === null ? null : servingRelease(cast, rehearsal, rehearsal.start);
  const platform = createSimulatedPlatform({ rehearsal, nameOf: cast.nameOf, serving });
  const effects = recordEffects(platform);
  const entries = recordEntries(createMemoryJournal(clock));
  const store = createMemoryRolloutStore();
  if (serving !== null) await store.save(KEY, 0, recordOf(rehearsal, serving));
  const checker = createInvariantChecker({ serving: serving?.number ?? null, ...patienceWith(rehearsal) });
  const engine = await createRehearsedEngine({
    create: options.createEngine ?? createController,
    options: { key: KEY, spec: rehearsal.spec, store, platform: effects.platform, journal: entries.journal, clock },
    crashAt: options.crashAt ?? new Set(),
    onCrash: (before, after) => checker.crashed(clock.monotonic(), before, after),
  });
  const performer = createPerformer({ rehearsal, cast, engine, platform });
  const [decisions, timeline] = [createDecisionLog(), createTimeline()];
  return { cast, clock, platform, engine, performer, checker, decisions, timeline, effects, entries };
}

function servingRelease(cast: Cast, rehearsal: Rehearsal, name: string): Release {
  const content = cast.contentOf(name, rehearsal);
  return { number: 1, digest: releaseDigest(content), content, revision: null };
}

/** What the engine would have saved when the release that serves at the start was promoted. */
function recordOf(rehearsal: Rehearsal, serving: Release): EngineRecord {
  const { number } = serving;
  return {
    state: {
      ...emptyState(KEY, rehearsal.spec),
      releases: { [number]: serving },
      stable: number,
      commanded: { shares: { [number]: 1 }, at: 0 },
      lastRelease: number,
    },
    intents: [],
    outbox: [],
    time: { engine: 0, wall: START_WALL },
  };
}

function patienceWith({ events }: Rehearsal): { readonly delay: number; readonly patience: number } {
  const delay = Math.max(0, ...events.map(({ action }) => (action.kind === 'router' ? action.delay : 0)));
  return { delay, patience: PATIENCE + 2 * delay };
}
