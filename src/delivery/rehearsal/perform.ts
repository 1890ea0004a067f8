/** What an event of a rehearsal does: to the engine, by a command, or to the world. */

import type { Command } from '../command.ts';
import type { EnvironmentSpec } from '../environment-spec.ts';
import type { Cast } from './cast.ts';
import type { Refusal } from './decision-log.ts';
import type { Rehearsal, RehearsalAction } from './rehearsal.ts';
import type { RehearsedEngine } from './rehearsed-engine.ts';
import type { SimulatedPlatform } from './simulated-platform.ts';

export interface Performer {
  /** Returns why the engine refused, or `null`. */
  perform(action: RehearsalAction): Promise<Refusal | null>;
}

export interface PerformerOptions {
  readonly rehearsal: Rehearsal;
  readonly cast: Cast;
  readonly engine: Pick<RehearsedEngine, 'command' | 'crash' | 'state'>;
  readonly platform: PlayedWorld;
}

/** What of a world an event can change. */
export type PlayedWorld = Pick<SimulatedPlatform, 'setMetrics' | 'setRelease' | 'setRouterDelay' | 'setTraffic'>;

export function createPerformer({ rehearsal, cast, engine, platform }: PerformerOptions): Performer {
  // The project file of the rehearsal, as events edit it: a deployment takes it as it is then.
  let spec: EnvironmentSpec = rehearsal.spec;
  let { config, secrets } = rehearsal;
  let newest = rehearsal.start;

  const order = async (command: Command): Promise<Refusal | null> => {
    const { refusal, answer } = await engine.command(command);
    return refusal === null ? null : { code: refusal.code, because: answer };
  };
  const deploy = (name: string): Promise<Refusal | null> => {
    newest = name;
    return order({ kind: 'deploy', content: cast.contentOf(name, { config, secrets }), revision: null, spec });
  };

  return {
    async perform(action) {
      switch (action.kind) {
        case 'deploy':
          return deploy(action.release);
        case 'config':
          // Another configuration is another release of the same image (facts/rollouts.md, trap T15).
          config = { ...config, ...action.config };
          return newest === null ? null : deploy(newest);
        case 'secrets':
          secrets = { ...secrets, ...action.secrets };
          return newest === null ? null : deploy(newest);
        case 'promote':
        case 'promoteFully':
        case 'abort':
        case 'retry':
        case 'pause':
        case 'resume':
        case 'remove':
          return order({ kind: action.kind });
        case 'rollback': {
          const to = action.to === null ? null : cast.numberOf(engine.state(), action.to);
          if (to !== undefined) return order({ kind: 'rollback', to });
          return { code: 'delivery/no-such-release', because: `${action.to} was never deployed` };
        }
        case 'scale':
          spec = { ...spec, replicas: action.replicas };
          return order({ kind: 'scale', replicas: action.replicas });
        case 'strategy':
          spec = { ...spec, strategy: action.strategy };
          return order({ kind: 'strategy', strategy: action.strategy });
        case 'crash':
          await engine.crash();
          return null;
        case 'approve':
          return order({ kind: 'approve', by: action.by, groups: action.groups, authenticated: false });
        case 'reject':
          return order({ kind: 'reject', by: action.by });
        case 'metrics':
        case 'router':
        case 'set':
        case 'traffic':
          change(platform, action);
          return null;
      }
    },
  };
}

type WorldAction = Extract<RehearsalAction, { kind: 'metrics' | 'router' | 'set' | 'traffic' }>;

function change(platform: PlayedWorld, action: WorldAction): void {
  switch (action.kind) {
    case 'metrics':
      return platform.setMetrics(action.state);
    case 'router':
      return platform.setRouterDelay(action.delay);
    case 'set':
      return platform.setRelease(action.release, action.change);
    case 'traffic':
      return platform.setTraffic(action.rate);
  }
}
