/** The agent: one controller per environment, each looked after at least once a second and whenever its world changes. */

import type { Journal } from '../journal/index.ts';
import {
  type CommandAnswer,
  type Controller,
  createController,
  type EnvironmentSpec,
  type Platform,
  type RolloutStore,
} from '../delivery/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Fault, messageOf } from '../kernel/fault.ts';
import type { DeployRequest, Verb } from './agent-contract.ts';

export interface AgentOptions {
  readonly store: RolloutStore;
  readonly platform: Platform;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Called after each intent and each outcome is saved. */
  readonly onPoint?: (name: 'intent' | 'outcome') => void;
}

export interface Agent {
  deploy(request: DeployRequest): Promise<CommandAnswer>;
  /** @throws Fault `agent/no-such-environment`. */
  command(key: string, verb: Verb): Promise<CommandAnswer>;
  /** Stops looking after the environments; what is under way is finished first. Replicas and router go on. */
  stop(): Promise<void>;
}

const LOOK_EVERY = 1000;

/** Takes up every environment that the store knows, and looks after it from now on. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const environments = new Map<string, Promise<LookedAfter>>();
  const ending = new AbortController();

  const lookAfter = async (key: string, spec: EnvironmentSpec): Promise<LookedAfter> => {
    const controller = await createController({ ...options, key, spec });
    return watchOver(controller, { key, options, signal: ending.signal });
  };
  const open = (key: string, spec: EnvironmentSpec): Promise<LookedAfter> => {
    const present = environments.get(key) ?? lookAfter(key, spec);
    environments.set(key, present);
    return present;
  };

  for (const key of await options.store.list()) {
    const loaded = await options.store.load(key);
    if (loaded !== null) await open(key, loaded.record.state.spec);
  }
  return {
    async deploy({ service, environment, image, config, revision, spec }) {
      const { controller } = await open(`${service}/${environment}`, spec);
      const content = { service, environment, image, config, secrets: {}, grants: [] };
      return controller.command({ kind: 'deploy', content, revision, spec });
    },
    async command(key, verb) {
      const present = environments.get(key);
      if (present === undefined) throw noSuchEnvironment(key, [...environments.keys()]);
      return (await present).controller.command(verb);
    },
    async stop() {
      ending.abort();
      for (const present of environments.values()) await (await present).ended;
    },
  };
}

interface LookedAfter {
  readonly controller: Controller;
  /** Resolves when nobody looks after it any more. */
  readonly ended: Promise<void>;
}

interface Watch {
  readonly key: string;
  readonly options: AgentOptions;
  readonly signal: AbortSignal;
}

function watchOver(controller: Controller, { key, options, signal }: Watch): LookedAfter {
  let wake = (): void => undefined;
  let changed = true;
  const unwatch = options.platform.watch(key, () => {
    changed = true;
    wake();
  });
  const loop = async (): Promise<void> => {
    let complained = '';
    while (!signal.aborted) {
      changed = false;
      try {
        await controller.tick();
        complained = '';
      } catch (error) {
        // A world that can't be seen is no reason to stop looking; it is told once, not every second.
        const message = messageOf(error);
        if (message !== complained) options.journal.append([{ kind: 'agent.failed', subject: key, data: { message } }]);
        complained = message;
      }
      await pause(() => changed);
    }
    unwatch();
  };
  /** Until the next look is due, the world has changed or the agent ends. */
  const pause = (isChanged: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const rest = new AbortController();
      const done = (): void => {
        rest.abort();
        signal.removeEventListener('abort', done);
        resolve();
      };
      wake = done;
      signal.addEventListener('abort', done, { once: true });
      if (isChanged() || signal.aborted) done();
      else void sleepThen(done, rest.signal);
    });
  const sleepThen = async (done: () => void, rest: AbortSignal): Promise<void> => {
    try {
      await options.clock.sleep(LOOK_EVERY, rest);
    } catch {
      return;
    }
    done();
  };
  return { controller, ended: loop() };
}

function noSuchEnvironment(key: string, known: readonly string[]): Fault<'agent/no-such-environment'> {
  return new Fault({
    code: 'agent/no-such-environment',
    kind: 'usage',
    message: `Nothing was ever deployed to ${key} from this home.`,
    hint: known.length === 0 ? 'Run "slipway deploy" first.' : `There are ${known.join(', ')}.`,
  });
}
