/** The agent: one controller per environment, each looked after until the agent ends. */

import type { Journal } from '../journal/index.ts';
import {
  boundedPlatform,
  type Command,
  type CommandAnswer,
  createController,
  type EnvironmentSpec,
  type Platform,
  type RolloutStore,
} from '../delivery/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Digest } from '../kernel/digest.ts';
import { Fault, messageOf } from '../kernel/fault.ts';
import type { DeployRequest, Verb } from './agent-contract.ts';
import { complaintAbout } from './needs.ts';
import { lookAfter, type LookedAfter } from './look-after.ts';

export interface AgentOptions {
  readonly store: RolloutStore;
  readonly platform: Platform;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Called after each intent and each outcome is saved. */
  readonly onPoint?: (name: 'intent' | 'outcome') => void;
}

export interface Agent {
  /** @throws Fault `agent/stopping`, `delivery/needs-environment`. */
  deploy(request: DeployRequest): Promise<CommandAnswer>;
  /** @throws Fault `agent/no-such-environment`, `agent/stopping`. */
  command(key: string, verb: Verb): Promise<CommandAnswer>;
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

/** Takes up every environment that the store knows, and looks after it from now on. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { store, journal, clock } = options;
  const platform = boundedPlatform(options.platform, { clock, limit: CALL_LIMIT });
  const environments = new Map<string, Promise<LookedAfter>>();
  const ending = new AbortController();
  const now = new AbortController();
  const underWay = new Set<Promise<unknown>>();

  const open = (key: string, spec: EnvironmentSpec): Promise<LookedAfter> => {
    const present = environments.get(key);
    if (present !== undefined) return present;
    const opening = (async () => {
      const controller = await createController({ ...options, platform, key, spec });
      return lookAfter({ key, controller, platform, journal, clock, ending: ending.signal, now: now.signal });
    })();
    environments.set(key, opening);
    // One that could not be opened is tried anew by the next who asks.
    opening.catch(() => environments.delete(key));
    return opening;
  };
  const obeyed = async (present: LookedAfter, command: Command): Promise<CommandAnswer> => {
    try {
      return await present.controller.command(command, now.signal);
    } finally {
      present.wake();
    }
  };
  /** Commands are finished before the agent is. */
  const counted = async (work: () => Promise<CommandAnswer>): Promise<CommandAnswer> => {
    if (ending.signal.aborted) throw stopping();
    const result = work();
    underWay.add(result);
    try {
      return await result;
    } finally {
      underWay.delete(result);
    }
  };
  const known = async (): Promise<readonly string[]> => {
    const opened = await Promise.allSettled(environments.values());
    const keys = [...environments.keys()];
    return keys.filter((_, index) => {
      const one = opened[index];
      return one?.status === 'fulfilled' && one.value.controller.exists();
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

  for (const key of await store.list()) {
    try {
      const loaded = await store.load(key);
      if (loaded !== null) await open(key, loaded.record.state.spec);
    } catch (error) {
      // The others are looked after all the same.
      journal.append([{ kind: 'agent.failed', subject: key, data: { message: messageOf(error) } }]);
    }
  }
  return {
    deploy: ({ service, environment, image, config, secrets, needs, revision, spec }) =>
      counted(async () => {
        for (const need of needs) {
          const there = await environments.get(`${service}/${need}`);
          const complaint = complaintAbout(
            there?.controller.exists() === true ? there.controller.state() : null,
            image,
          );
          if (complaint !== null) throw notWellThere({ environment, need, image, complaint });
        }
        const present = await open(`${service}/${environment}`, spec);
        const content = { service, environment, image, config, secrets, grants: [] };
        return obeyed(present, { kind: 'deploy', content, revision, spec });
      }),
    command: (key, verb) =>
      counted(async () => {
        const present = await environments.get(key);
        if (present === undefined || !present.controller.exists()) throw noSuchEnvironment(key, await known());
        return obeyed(present, verb);
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
