/**
 * A stage for rehearsal files that is no simulation: a real agent, a real router, replicas that are processes, and a load
 * generator. Many rehearsals play at once, each in an environment of its own.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createEnvironmentFold,
  type EnvironmentSpec,
  type EnvironmentView,
  type Rehearsal,
  type RehearsalAction,
  type ReleaseChange,
  type SimulatedRelease,
  type Strategy,
} from '../../src/delivery/index.ts';
import { openSqliteJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { sha256 } from '../../src/kernel/digest.ts';
import type { AgentClient } from '../../src/server/index.ts';
import { type Load, startLoad } from '../load/load.ts';
import { type AgentRig, until } from './agent-rig.ts';
import type { Sight } from './sights.ts';

export interface RealStage {
  /** Plays it from the start to its end and returns all that was seen, whenever it changed. */
  play(name: string, rehearsal: Rehearsal): Promise<readonly Sight[]>;
  end(): Promise<void>;
}

const ENVIRONMENT = 'real';
const LOOK_EVERY = 50;

/** How the first release comes to be there: at once, with nothing asked. */
const AT_ONCE: Strategy = {
  kind: 'rolling',
  maxSurge: { share: 1 },
  maxUnavailable: { count: 0 },
  deadline: 60_000,
  onDeadline: 'abort',
};

export function createRealStage(rig: AgentRig): RealStage {
  const journal = openSqliteJournal({ path: join(rig.home, 'slipway.db'), clock: systemClock });
  const fold = createEnvironmentFold();
  let seen = 0;
  let views = fold.views();
  let readAt = 0;
  // Many plays share one reading of the journal.
  const view = (key: string): EnvironmentView | undefined => {
    if (performance.now() - readAt >= LOOK_EVERY) {
      const entries = journal.read({ after: seen });
      seen = entries.at(-1)?.seq ?? seen;
      fold.add(entries);
      if (entries.length > 0) views = fold.views();
      readAt = performance.now();
    }
    return views.get(key);
  };
  return {
    async play(name, rehearsal) {
      const cast = createRealCast({ rig, name, rehearsal, view });
      return perform(cast, rehearsal);
    },
    async end() {
      journal.close();
    },
  };
}

interface CastOptions {
  readonly rig: AgentRig;
  readonly name: string;
  readonly rehearsal: Rehearsal;
  readonly view: (key: string) => EnvironmentView | undefined;
}

interface RealCast {
  begin(): Promise<Load | null>;
  act(action: RehearsalAction): Promise<void>;
  sight(at: number): Sight;
}

function createRealCast({ rig, name, rehearsal, view }: CastOptions): RealCast {
  const { client } = rig;
  const key = `${name}/${ENVIRONMENT}`;
  const behaviours = new Map(Object.entries(rehearsal.releases));
  const folder = join(rig.home, 'behaviours');
  mkdirSync(folder, { recursive: true });
  const fileOf = (release: string): string => join(folder, `${name}-${release}.json`);
  const behave = (release: string, behaviour: SimulatedRelease): void => {
    behaviours.set(release, behaviour);
    writeFileSync(fileOf(release), JSON.stringify(stubBehaviour(behaviour, rehearsal.spec)));
  };
  let { spec, config } = rehearsal;
  let newest = rehearsal.start;
  let refused: string | null = null;

  const deploy = async (release: string, by: EnvironmentSpec): Promise<void> => {
    const answer = await client.deploy({
      service: name,
      environment: ENVIRONMENT,
      image: sha256(`${name} ${release}`),
      config: { ...config, STUB_BEHAVIOUR: fileOf(release) },
      secrets: {},
      needs: [],
      revision: null,
      spec: by,
      cluster: null,
    });
    refused = answer.refusal?.code ?? refused;
  };
  const command = async (verb: Parameters<AgentClient['command']>[1]): Promise<void> => {
    const answer = await client.command(key, verb);
    refused = answer.refusal?.code ?? refused;
  };
  const labelOf = (number: number | null): string | null => {
    const releases = Object.values(view(key)?.releases ?? {});
    const release = releases.find((one) => one.number === number);
    const called = [...behaviours.keys()].find((one) => sha256(`${name} ${one}`) === release?.content.image);
    if (release === undefined || called === undefined) return null;
    const first = releases.find(({ content }) => content.image === release.content.image);
    return first === release ? called : `${called}#${number}`;
  };
  const named = (record: Readonly<Record<number, number>>): Readonly<Record<string, number>> =>
    Object.fromEntries(Object.entries(record).map(([number, value]) => [labelOf(Number(number)) ?? number, value]));

  for (const [release, behaviour] of behaviours) behave(release, behaviour);
  return {
    async begin() {
      if (rehearsal.start !== null) {
        await deploy(rehearsal.start, { ...spec, strategy: AT_ONCE, ...ASKING_NOTHING });
        await until(() => Promise.resolve(view(key)?.now?.outcome === 'promoted'));
      }
      if (rehearsal.traffic === 0) return null;
      const { url } = await client.router();
      const log = join(rig.home, `${name}.ndjson`);
      return startLoad({ url, host: `${name}.${ENVIRONMENT}.localhost`, rate: rehearsal.traffic, log, prefix: name });
    },
    async act(action) {
      switch (action.kind) {
        case 'deploy':
          newest = action.release;
          return deploy(action.release, spec);
        case 'config':
          config = { ...config, ...action.config };
          return deploy(newest ?? '', spec);
        case 'scale': {
          // The agent takes the size of an environment with a deployment of what is there.
          spec = { ...spec, replicas: action.replicas };
          const now = view(key)?.now;
          return deploy(labelOf(now?.candidate ?? now?.stable ?? null) ?? '', spec);
        }
        case 'strategy':
          spec = { ...spec, strategy: action.strategy };
          return;
        case 'set':
          return behave(action.release, changed(behaviours.get(action.release), action.change));
        case 'rollback': {
          const numbers = Object.keys(view(key)?.releases ?? {}).map(Number);
          const to = action.to === null ? null : (numbers.findLast((one) => labelOf(one) === action.to) ?? null);
          return command({ kind: 'rollback', to });
        }
        case 'approve':
          return command({ ...action, authenticated: false });
        case 'reject':
          return command({ kind: 'reject', by: action.by });
        case 'promote':
        case 'promoteFully':
        case 'abort':
        case 'retry':
        case 'pause':
        case 'resume':
        case 'remove':
          return command({ kind: action.kind });
        case 'metrics':
        case 'router':
        case 'traffic':
        case 'secrets':
        case 'crash':
          throw new Error(`there is no ${action.kind} on this stage`);
      }
    },
    sight(at) {
      const now = view(key)?.now ?? null;
      return {
        at,
        phase: now?.phase ?? 'healthy',
        reason: now?.reason ?? null,
        step: now?.step ?? null,
        stable: labelOf(now?.stable ?? null),
        candidate: labelOf(now?.candidate ?? null),
        // Of the last rollout that has ended, as a rehearsal tells it.
        outcome: view(key)?.rollouts.findLast(({ ended }) => ended !== null)?.ended?.outcome ?? null,
        queued: labelOf(now?.queued ?? null),
        traffic: named(now?.shares ?? {}),
        ready: named(now?.ready ?? {}),
        refused,
      };
    },
  };
}

const ASKING_NOTHING = {
  approval: { count: 0, by: [], expires: null },
  gates: { smoke: [], load: null, e2e: false },
  guard: 0,
};

function changed(behaviour: SimulatedRelease | undefined, { gates, ...change }: ReleaseChange): SimulatedRelease {
  if (behaviour === undefined) throw new Error('the rehearsal describes no such release');
  return { ...behaviour, ...change, gates: { ...behaviour.gates, ...gates } };
}

/** What the stub replica reads: see test/fixtures/replicas/stub-replica.mjs. */
function stubBehaviour(behaviour: SimulatedRelease, { gates, strategy }: EnvironmentSpec): object {
  const { errors, traps, startsIn, crashes, gateTakes } = behaviour;
  const probes = [...gates.smoke, ...(strategy.kind === 'blueGreen' ? strategy.before.smoke : [])];
  return {
    errors,
    traps,
    startsIn,
    crashes,
    probes: probes.map(({ path }) => path),
    probe: { fails: behaviour.gates.smoke === 'fail', takes: gateTakes ?? 0 },
  };
}

async function perform(cast: RealCast, rehearsal: Rehearsal): Promise<readonly Sight[]> {
  const load = await cast.begin();
  const start = performance.now();
  const sights: Sight[] = [];
  const events = [...rehearsal.events];
  for (let now = 0; now < rehearsal.until; now = performance.now() - start) {
    const due = events[0];
    if (due !== undefined && due.at <= now) {
      events.shift();
      await cast.act(due.action);
    }
    const sight = cast.sight(now);
    const { at: _at, ...last } = sights.at(-1) ?? { at: 0 };
    const { at: _now, ...next } = sight;
    if (JSON.stringify(last) !== JSON.stringify(next)) sights.push(sight);
    if (events[0] === undefined || events[0].at > now) await systemClock.sleep(LOOK_EVERY);
  }
  await load?.stop();
  return sights;
}
