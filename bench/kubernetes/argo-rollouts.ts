/**
 * The peer: the real controller of Argo Rollouts, with its Istio router and its Prometheus analysis at an interval of ten
 * seconds (its documentation's examples use one to five minutes). It must live in a network namespace of its own: it
 * listens on every address.
 */

import { join } from 'node:path';
import { systemClock } from '../../src/kernel/clock.ts';
import { startDaemon, signalProcess } from '../../src/kernel/subprocess.ts';
import type { AdminClient, ApiObject } from '../../test/cluster/admin-client.ts';
import { createSight, imageOf, isReady, type LiveObjects, type Sight } from './live-objects.ts';
import { playUsers, type PlayedUsers } from './played-users.ts';

export interface ArgoOptions {
  readonly client: AdminClient;
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Of its controller. */
  readonly program: string;
  /** For its log. */
  readonly folder: string;
  readonly replicas: number;
}

export interface ArgoFigures {
  /** Old template applied → all pods are of the old version and the rollout is healthy, with its steps as they are. */
  readonly rollback: readonly number[];
  /** The same with `rollbackWindow: { revisions: 3 }`. */
  readonly rollbackInWindow: readonly number[];
  /** The candidate gets requests → it gets none any more. */
  readonly badFromTheStart: readonly number[];
  /** It turns bad → it gets no requests any more. */
  readonly turnsBad: readonly number[];
}

const SHORT_STEPS = [
  { setWeight: 20 },
  { pause: { duration: '10s' } },
  { setWeight: 50 },
  { pause: { duration: '10s' } },
];
const JUDGED_STEPS = [
  { setWeight: 20 },
  { pause: { duration: '60s' } },
  { setWeight: 50 },
  { pause: { duration: '60s' } },
];
/** ReplicaSets that were made within one second are not older than each other, and the window would not hold. */
const BETWEEN = 1500;

export async function measureArgo(
  options: ArgoOptions,
  rounds: { readonly rollback: number; readonly bad: number },
): Promise<ArgoFigures> {
  const { client, namespace, program, kubeconfig, folder } = options;
  const log = join(folder, 'argo-rollouts.log');
  const args = [
    '--kubeconfig',
    kubeconfig,
    '--namespace',
    namespace,
    '--namespaced',
    '--leader-elect=false',
    '--loglevel',
    'warn',
  ];
  const controller = startDaemon({ program, args, cwd: folder, env: {}, stdout: log, stderr: log });
  const sight = createSight(client);
  // Its analysis asks for the share of good answers of the candidate: here that of the truth, without a window.
  const users = await playUsers(() => [{ metric: {}, value: [Date.now() / 1000, state.good ? '1' : '0.5'] }]);
  const state = { good: true };
  try {
    const stage = createStage(options, { sight, users });
    await stage.prepare();
    const rollback = await stage.rollbacks('undo', {}, rounds.rollback);
    const rollbackInWindow = await stage.rollbacks('window', { rollbackWindow: { revisions: 3 } }, rounds.rollback);
    const bad = await stage.bad(state, rounds.bad);
    return { rollback, rollbackInWindow, ...bad };
  } finally {
    sight.close();
    users.close();
    signalProcess(controller, 'SIGKILL');
  }
}

interface ArgoStage {
  prepare(): Promise<void>;
  rollbacks(name: string, more: object, rounds: number): Promise<readonly number[]>;
  bad(state: { good: boolean }, rounds: number): Promise<Pick<ArgoFigures, 'badFromTheStart' | 'turnsBad'>>;
}

function createStage(
  { client, namespace, replicas }: ArgoOptions,
  { sight, users }: { readonly sight: Sight; readonly users: PlayedUsers },
): ArgoStage {
  const argo = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}`;
  const pods = sight.follow(`/api/v1/namespaces/${namespace}/pods`);
  const rollouts = sight.follow(`${argo}/rollouts`);
  const routes = sight.follow(`/apis/networking.istio.io/v1/namespaces/${namespace}/virtualservices`);
  const pause = (): Promise<void> => systemClock.sleep(BETWEEN);

  // What the watch shows may be from before the last change.
  let generation = 0;
  const set = async (rollout: object, image: string): Promise<void> => {
    const applied = await client.apply(`${argo}/rollouts/service`, { ...rollout, ...specOf(rollout, image) });
    generation = applied.metadata.generation ?? 0;
  };
  const healthy = (image: string) => (): boolean => isHealthy(rollouts, pods, { image, replicas, generation });
  const fresh = async (rollout: object): Promise<void> => {
    await client.ask('DELETE', `${argo}/rollouts/service`);
    await sight.when('the last one to go', () => pods.objects().length === 0 && rollouts.objects().length === 0);
    await set(rollout, 'x:good');
    await sight.when('a first version', healthy('x:good'));
    await pause();
  };
  return {
    async prepare() {
      for (const [path, object] of fixtures(users.url))
        await client.apply(path.replace('NAMESPACE', namespace), object);
    },
    async rollbacks(name, more, rounds) {
      const rollout = rolloutOf({ replicas, steps: SHORT_STEPS, more });
      // Without a router, as its quick start has it: what is counted is pods.
      const taken: number[] = [];
      await fresh(rollout);
      for (let round = 0; round < rounds; round += 1) {
        await set(rollout, `x:${name}${round}`);
        await sight.when('a promotion', healthy(`x:${name}${round}`));
        await pause();
        const from = performance.now();
        await set(rollout, 'x:good');
        taken.push((await sight.when('the old version', healthy('x:good'))) - from);
        await pause();
      }
      return taken;
    },
    async bad(state, rounds) {
      const analysis = { templates: [{ templateName: 'success' }], startingStep: 1 };
      const rollout = rolloutOf({ replicas, steps: JUDGED_STEPS, canary: { ...ROUTED, analysis } });
      await fresh(rollout);
      const weight = (): number => candidateWeight(routes);
      const once = async (image: string, after: number | null): Promise<number> => {
        state.good = after !== null;
        await set(rollout, image);
        let from = await sight.when('requests to the candidate', () => weight() > 0);
        if (after !== null) {
          await systemClock.sleep(after);
          state.good = false;
          from = performance.now();
        }
        const taken = (await sight.when('the candidate without requests', () => weight() === 0)) - from;
        state.good = true;
        await set(rollout, 'x:good');
        await sight.when('health', () => rollouts.objects().length === 1 && weight() === 0);
        await pause();
        return taken;
      };
      const badFromTheStart: number[] = [];
      const turnsBad: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        badFromTheStart.push(await once(`x:bad${round}`, null));
        turnsBad.push(await once(`x:late${round}`, 1000));
      }
      return { badFromTheStart, turnsBad };
    },
  };
}

interface RolloutShape {
  readonly replicas: number;
  readonly steps: readonly object[];
  readonly canary?: object;
  readonly more?: object;
}

const ROUTED = {
  stableService: 'stable',
  canaryService: 'canary',
  trafficRouting: { istio: { virtualService: { name: 'service', routes: ['primary'] } } },
};

function rolloutOf({ replicas, steps, canary = {}, more = {} }: RolloutShape): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'service' },
    spec: {
      replicas,
      revisionHistoryLimit: 5,
      selector: { matchLabels: { app: 'service' } },
      strategy: { canary: { maxSurge: 1, maxUnavailable: 0, steps, ...canary } },
      ...more,
    },
  };
}

function specOf(rollout: object, image: string): object {
  const { spec } = rollout as { spec: object };
  const template = { metadata: { labels: { app: 'service' } }, spec: { containers: [{ name: 'c', image }] } };
  return { spec: { ...spec, template } };
}

function fixtures(prometheus: string): readonly (readonly [path: string, object: object])[] {
  const service = (name: string): readonly [string, object] => [
    `/api/v1/namespaces/NAMESPACE/services/${name}`,
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: { app: 'service' }, ports: [{ port: 80, protocol: 'TCP' }] },
    },
  ];
  const route = [
    { destination: { host: 'stable' }, weight: 100 },
    { destination: { host: 'canary' }, weight: 0 },
  ];
  return [
    service('stable'),
    service('canary'),
    [
      '/apis/networking.istio.io/v1/namespaces/NAMESPACE/virtualservices/service',
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: 'service' },
        spec: { hosts: ['service'], http: [{ name: 'primary', route }] },
      },
    ],
    [
      '/apis/argoproj.io/v1alpha1/namespaces/NAMESPACE/analysistemplates/success',
      {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'AnalysisTemplate',
        metadata: { name: 'success' },
        spec: {
          metrics: [
            {
              name: 'rate',
              interval: '10s',
              failureLimit: 0,
              successCondition: 'result[0] >= 0.95',
              provider: { prometheus: { address: prometheus, query: 'rate' } },
            },
          ],
        },
      },
    ],
  ];
}

function candidateWeight(routes: LiveObjects): number {
  const [route] = routes.objects();
  const { http = [] } = (route?.['spec'] ?? {}) as {
    http?: readonly { route: readonly { destination: { host: string }; weight?: number }[] }[];
  };
  return http[0]?.route.find(({ destination }) => destination.host === 'canary')?.weight ?? 0;
}

function isHealthy(
  rollouts: LiveObjects,
  pods: LiveObjects,
  { image, replicas, generation }: { readonly image: string; readonly replicas: number; readonly generation: number },
): boolean {
  const [rollout] = rollouts.objects();
  const status = (rollout?.['status'] ?? {}) as { phase?: string; observedGeneration?: string };
  const current = pods.objects().filter((pod: ApiObject) => imageOf(pod) === image && isReady(pod));
  return (
    pods.objects().length === replicas &&
    status.phase === 'Healthy' &&
    Number(status.observedGeneration) >= generation &&
    current.length === replicas
  );
}
