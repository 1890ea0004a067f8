/** What all other tests on a cluster rest on: a real one that does as it is told, and leaves nothing. */

import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { expectNoLeftovers } from '../leftovers.ts';
import { until } from '../rigs/agent-rig.ts';
import { clusterAtHand, type ClusterRig, createClusterRig, type NamespaceRig } from '../rigs/cluster-rig.ts';
import { createAdminClient, type ApiObject } from './admin-client.ts';
import { WRITES } from './audit-log.ts';
import { packedControlPlane } from './control-plane-binary.ts';
import { joinLocalCluster, startLocalCluster } from './local-cluster.ts';

const AT_HAND = await clusterAtHand();

interface Shown {
  readonly status: {
    readonly readyReplicas?: number;
    readonly containerStatuses: readonly {
      readonly restartCount: number;
      readonly state: { readonly waiting?: { readonly reason: string; readonly message: string } };
      readonly lastState: { readonly terminated?: { readonly exitCode: number; readonly message: string } };
    }[];
  };
}

function deployment(name: string, replicas: number, changes: { readonly cpu?: string } = {}): object {
  const labels = { app: name };
  const resources = changes.cpu === undefined ? {} : { resources: { requests: { cpu: changes.cpu } } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'main', image: `registry/${name}:1`, ...resources }] },
      },
    },
  };
}

describe.skipIf(!AT_HAND)('pods of the cluster do as they are told', () => {
  let rig: ClusterRig;
  let place: NamespaceRig;

  beforeAll(async () => {
    rig = await createClusterRig();
    place = await rig.namespace();
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  const path = (name: string): string => `/apis/apps/v1/namespaces/${place.name}/deployments/${name}`;
  const ready = async (name: string): Promise<number> =>
    ((await rig.admin.demand('GET', path(name))) as ApiObject & Shown).status.readyReplicas ?? 0;
  const pods = async (name: string): Promise<readonly (ApiObject & Shown)[]> =>
    (await place.objects('v1', 'pods', { app: name })) as readonly (ApiObject & Shown)[];
  const container = async (name: string): Promise<Shown['status']['containerStatuses'][number] | undefined> =>
    (await pods(name))[0]?.status.containerStatuses?.[0];

  test('a Deployment gets ready, one of its pods fails on demand and recovers', async () => {
    await rig.admin.apply(path('web'), deployment('web', 3));
    await until(async () => (await ready('web')) === 3);
    const [first] = await pods('web');
    await rig.admin.demand('PATCH', `/api/v1/namespaces/${place.name}/pods/${first?.metadata.name}`, {
      content: { metadata: { labels: { chosen: 'yes' } } },
      type: 'application/merge-patch+json',
    });
    expect(await place.behave({ chosen: 'yes' }, { startsIn: 'never' })).toBe(1);
    await until(async () => (await ready('web')) === 2);
    await place.behave({ chosen: 'yes' }, null);
    await until(async () => (await ready('web')) === 3);
  });

  test('a rule makes the pods of an image crash, with their last words and more and more restarts', async () => {
    const crashes = { after: 50, again: 250, code: 3, lastWords: 'panic: no database' };
    await place.play([{ image: '/worker:', crashes }]);
    await rig.admin.apply(path('worker'), deployment('worker', 1));
    await until(async () => ((await container('worker'))?.restartCount ?? 0) >= 2);
    await until(async () => (await container('worker'))?.state.waiting?.reason === 'CrashLoopBackOff');
    expect((await container('worker'))?.lastState.terminated).toMatchObject({
      exitCode: 3,
      message: 'panic: no database',
    });
    expect(await ready('worker')).toBe(0);
    await place.play([]);
    await until(async () => (await ready('worker')) === 1);
    expect((await container('worker'))?.restartCount).toBeGreaterThanOrEqual(2);
  });

  test('an image that is not there, and at most so many that get ready', async () => {
    const waits = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "registry/gone:1": not found' };
    await place.play([
      { image: '/gone:', waits },
      { image: '/few:', maxReady: 2 },
    ]);
    await rig.admin.apply(path('gone'), deployment('gone', 1));
    await rig.admin.apply(path('few'), deployment('few', 3));
    await until(async () => (await container('gone'))?.state.waiting?.reason === 'ImagePullBackOff');
    expect((await container('gone'))?.state.waiting).toEqual(waits);
    await until(async () => (await ready('few')) === 2);
    await until(async () => (await pods('few')).every(({ status }) => status.containerStatuses?.length === 1));
    expect(await ready('few')).toBe(2);
  });

  test('the scheduler finds no room for what asks for too much', async () => {
    await rig.admin.apply(path('big'), deployment('big', 1, { cpu: '1000' }));
    await until(async () => JSON.stringify(await pods('big')).includes('Unschedulable'));
    expect(await ready('big')).toBe(0);
  });

  test('logs are what they were told to say', async () => {
    if (rig.local === null) return;
    await place.play([{ image: '/talker:', logs: ['one', 'two', 'three'] }]);
    await rig.admin.apply(path('talker'), deployment('talker', 1));
    await until(async () => (await ready('talker')) === 1);
    const args = ['--kubeconfig', place.kubeconfig, 'logs', 'deploy/talker', '--tail=2'];
    expect(execFileSync(rig.local.kubectl, args, { encoding: 'utf8' })).toBe('two\nthree\n');
  });

  test('a route is in force some time after it was changed, once its Services are there', async () => {
    const gateway = place.playGateway(200);
    const route = `/apis/gateway.networking.k8s.io/v1/namespaces/${place.name}/httproutes/web`;
    const conditions = async (): Promise<string> =>
      JSON.stringify((await rig.admin.demand('GET', route))['status'] ?? {});
    const rules = [{ backendRefs: [{ name: 'web', port: 80, weight: 1 }] }];
    await rig.admin.apply(route, {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'web' },
      spec: { parentRefs: [{ name: 'front' }], rules },
    });
    expect(await conditions()).not.toContain('Accepted');
    await until(async () => (await conditions()).includes('there is no Service web'));
    await rig.admin.apply(`/api/v1/namespaces/${place.name}/services/web`, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    });
    await until(async () => (await conditions()).includes('"reason":"ResolvedRefs"'));
    gateway.close();
  });

  test('the account of a namespace may do there what Slipway needs and nothing elsewhere; the server keeps a record', async () => {
    const account = await createAdminClient(place.kubeconfig);
    expect((await account.ask('GET', path('web'))).status).toBe(200);
    expect((await account.ask('GET', '/apis/apps/v1/namespaces/default/deployments')).status).toBe(403);
    expect((await account.ask('DELETE', `/api/v1/namespaces/${place.name}/pods/any`)).status).toBe(403);
    await account.apply(path('web'), deployment('web', 4));
    account.close();
    if (rig.local === null) return;
    const writes = place.audit({ verbs: WRITES });
    expect(writes.map(({ verb, resource, code }) => [verb, resource, code])).toEqual([
      ['delete', 'pods', 403],
      ['patch', 'deployments', 200],
    ]);
    expect(writes[1]?.sent).toMatchObject({ spec: { replicas: 4 } });
  });
});

describe.skipIf((await packedControlPlane()) === null)('a cluster of its own', () => {
  test('goes on when its API server is killed and started again, and leaves nothing', async () => {
    const parent = temporaryFolder('slipway-own-cluster-');
    const folder = join(parent, 'cluster');
    const cluster = await startLocalCluster({
      folder,
      program: (await packedControlPlane()) ?? '',
      endsWithStarter: true,
    });
    const admin = await createAdminClient(cluster.kubeconfig);
    const path = '/apis/apps/v1/namespaces/default/deployments/web';
    const ready = async (): Promise<number> =>
      ((await admin.demand('GET', path)) as ApiObject & Shown).status.readyReplicas ?? 0;
    await admin.apply(path, deployment('web', 2));
    await until(async () => (await ready()) === 2);
    await cluster.kill('kube-apiserver');
    expect(joinLocalCluster(folder)).toBeNull();
    await expect(admin.ask('GET', path)).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
    await cluster.start('kube-apiserver');
    await admin.apply(path, deployment('web', 4));
    await until(async () => (await ready()) === 4);
    admin.close();
    await cluster.down();
    await expectNoLeftovers(parent);
    expect(existsSync(folder)).toBe(false);
    rmSync(parent, { recursive: true });
  });
});
