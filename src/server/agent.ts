/** The agent: it looks after every environment that the home knows, until it ends. */

import type { Journal } from '../journal/index.ts';
import { boundedPlatform, type ClusterTarget, type CommandAnswer, type EnvironmentState } from '../delivery/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Digest } from '../kernel/digest.ts';
import { Fault, messageOf } from '../kernel/fault.ts';
import type { DeployRequest, Known, Verb } from './agent-contract.ts';
import { complaintAbout } from './needs.ts';
import { livesOn, lostRecord } from './lost-record.ts';
import { lookAfter, type LookedAfter } from './look-after.ts';
import type { Places } from './places.ts';

export interface AgentOptions {
  readonly places: Places;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Called after each intent and each outcome is saved. */
  readonly onPoint?: (name: 'intent' | 'outcome') => void;
}

export interface Agent {
  /** @throws Fault `agent/stopping`, `agent/lives-elsewhere`, `agent/not-let-go`, `delivery/needs-environment`. */
  deploy(request: DeployRequest): Promise<CommandAnswer>;
  /** @throws Fault `agent/no-such-environment`, `agent/stopping`, `agent/not-let-go`. */
  command(key: string, verb: Verb): Promise<CommandAnswer>;
  /**
   * From now on the home knows this environment of a cluster; the journal has what was told of it until now.
   *
   * @throws Fault `agent/lives-elsewhere`, and what keeps the cluster from being read.
   */
  know(key: string, cluster: ClusterTarget): Promise<Known>;
  /** Drives this environment of a cluster no longer, until it is told to do something with it. */
  letGo(key: string): Promise<void>;
  /**
   * Stops looking after the environments. What is under way is finished first, or given up after a few seconds (what was
   * meant is saved, so the next agent goes on). Replicas and router go on.
   */
  stop(): Promise<void>;
}

/** Longest time for one call of the platform. */
const CALL_LIMIT = 20_000;
/** Longest time that `stop` waits for calls of the platform. */
const STOP_PATIENCE = 3000;

/** Takes up every environment that the home knows, and looks after it from now on. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { places, journal, clock } = options;
  const environments = new Map<string, Promise<LookedAfter>>();
  const ending = new AbortController();
  const now = new AbortController();
  const underWay = new Set<Promise<unknown>>();

  const open = (key: string): Promise<LookedAfter> => {
    const present = environments.get(key);
    if (present !== undefined) return present;
    const opening = (async () => {
      const place = await places.of(key);
      const platform = boundedPlatform(place.platform, { clock, limit: CALL_LIMIT });
      const standsBy = (): boolean => places.standsBy(key);
      const signals = { ending: ending.signal, now: now.signal };
      return lookAfter({ ...options, key, place: { ...place, platform }, standsBy, ...signals });
    })();
    environments.set(key, opening);
    // One that could not be opened is tried anew by the next who asks.
    opening.catch(() => environments.delete(key));
    return opening;
  };
  const settled = async (key: string, cluster: ClusterTarget | null): Promise<LookedAfter> => {
    const moved = await places.settle(key, cluster);
    const before = await environments.get(key);
    if (!moved || before === undefined) return open(key);
    environments.delete(key);
    await before.close();
    return open(key);
  };
  /** What was begun is finished before the agent is. */
  const counted = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (ending.signal.aborted) throw stopping();
    const result = work();
    underWay.add(result);
    try {
      return await result;
    } finally {
      underWay.delete(result);
    }
  };
  const stateOf = async (key: string): Promise<EnvironmentState | null> =>
    (await environments.get(key))?.state() ?? null;
  const known = async (): Promise<readonly string[]> => {
    const keys = [...environments.keys()];
    const states = await Promise.allSettled(keys.map(stateOf));
    return keys.filter((_, index) => {
      const one = states[index];
      return one?.status === 'fulfilled' && one.value !== null;
    });
  };

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    ending.abort();
    const loops = [...environments.values()].map(async (one) => (await one).ended);
    const finished = Promise.allSettled([...loops, ...underWay]);
    await Promise.race([finished, clock.sleep(STOP_PATIENCE, now.signal).catch(() => undefined)]);
    now.abort(stopping());
    await finished;
  };

  for (const key of await places.list()) {
    // The others are looked after all the same.
    await open(key).catch((error: unknown) => {
      journal.append([{ kind: 'agent.failed', subject: key, data: { message: messageOf(error) } }]);
    });
  }
  return {
    deploy: (request) =>
      counted(async () => {
        const { service, environment, image, config, secrets, needs, revision, artifact, spec } = request;
        for (const need of needs) {
          const complaint = complaintAbout(await stateOf(`${service}/${need}`), image);
          if (complaint !== null) throw notWellThere({ environment, need, image, complaint });
        }
        const key = `${service}/${environment}`;
        const present = await settled(key, request.cluster);
        places.setStandsBy(key, true);
        const content = { service, environment, image, config, secrets, grants: [] };
        const pulled = artifact === undefined ? {} : { artifact };
        return present.command({ kind: 'deploy', content, revision, spec, ...pulled });
      }),
    command: (key, verb) =>
      counted(async () => {
        const present = await environments.get(key);
        if (present === undefined || (await present.state()) === null) {
          throw livesOn(key, journal) ? lostRecord(key) : noSuchEnvironment(key, await known());
        }
        places.setStandsBy(key, true);
        return present.command(verb);
      }),
    know: (key, cluster) =>
      counted(async () => {
        const present = await settled(key, cluster);
        return { exists: await present.catchUp() };
      }),
    letGo: (key) =>
      counted(async () => {
        const present = await environments.get(key);
        if (present === undefined || !(await places.of(key)).shared) return;
        places.setStandsBy(key, false);
        await present.letGo();
      }),
    stop: () => (stopped ??= stop()),
  };
}

function stopping(): Fault<'agent/stopping'> {
  return new Fault({
    code: 'agent/stopping',
    kind: 'unreachable',
    message: 'The agent is ending.',
    hint: 'Run the command again: it starts another one.',
    retryable: true,
  });
}

interface Unwell {
  readonly environment: string;
  readonly need: string;
  readonly image: Digest;
  readonly complaint: string;
}

function notWellThere({ environment, need, image, complaint }: Unwell): Fault<'delivery/needs-environment'> {
  return new Fault({
    code: 'delivery/needs-environment',
    kind: 'refused',
    message: `${environment} needs image ${image.slice(0, 19)} to be well in ${need} first, and it is not: ${complaint}.`,
    hint: `Run "slipway deploy ${need}", and deploy to ${environment} when it is promoted there.`,
  });
}

function noSuchEnvironment(key: string, known: readonly string[]): Fault<'agent/no-such-environment'> {
  return new Fault({
    code: 'agent/no-such-environment',
    kind: 'usage',
    message: `Nothing is deployed to ${key} from this home.`,
    hint: known.length === 0 ? 'Run "slipway deploy" first.' : `There are ${known.join(', ')}.`,
  });
}
