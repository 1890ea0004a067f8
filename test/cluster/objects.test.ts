/** What we apply, before a real API server: strictly valid, admitted where Pod Security is `restricted`, within our rights. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EnvironmentContext, RouteEffect } from '../../src/delivery/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { connectCluster } from '../../src/platforms/kubernetes/client/index.ts';
import type { ClusterClient, KubernetesObject } from '../../src/platforms/kubernetes/cluster-client.ts';
import { KINDS } from '../../src/platforms/kubernetes/kinds.ts';
import { leastRole, leastRules } from '../../src/platforms/kubernetes/least-role.ts';
import { recordName } from '../../src/platforms/kubernetes/names.ts';
import { environmentObjects, releaseObjects, routeObjects } from '../../src/platforms/kubernetes/objects/index.ts';
import {
  sampleContext,
  sampleRelease,
  sampleRoute,
  type SampleChange,
} from '../../src/platforms/kubernetes/objects/sample-context.ts';
import { until } from '../rigs/agent-rig.ts';
import { clusterAtHand, type ClusterRig, createClusterRig, type NamespaceRig } from '../rigs/cluster-rig.ts';
import type { ApiObject } from './admin-client.ts';

const KEY = 'greeter/production';
const TRAFFIC = ['gateway-api', 'istio', 'service'] as const;
type Traffic = (typeof TRAFFIC)[number];

/** Every shape that a split can have. */
const ROUTES: Readonly<Record<string, RouteEffect>> = {
  'one release': sampleRoute({ 1: 1 }),
  'three releases in thirds': sampleRoute({ 1: 1 / 3, 2: 1 / 3, 3: 1 / 3 }),
  nothing: sampleRoute({}),
  'a match': sampleRoute({ 1: 0.95, 2: 0.05 }, { match: { headers: { 'X-Canary': 'true', b: 'c' }, release: 2 } }),
  copies: sampleRoute({ 1: 1 }, { mirror: { release: 2, share: 0.055 } }),
  'a match and copies': sampleRoute(
    { 1: 1 },
    { match: { headers: { canary: 'true' }, release: 2 }, mirror: { release: 2, share: 0.1 } },
  ),
};

describe.skipIf(!(await clusterAtHand()))('what is applied to a cluster', () => {
  let rig: ClusterRig;
  const places = new Map<Traffic, { readonly place: NamespaceRig; readonly client: ClusterClient }>();

  beforeAll(async () => {
    rig = await createClusterRig();
    await rig.admin.apply('/apis/node.k8s.io/v1/runtimeclasses/slipway-test-wasm', {
      apiVersion: 'node.k8s.io/v1',
      kind: 'RuntimeClass',
      metadata: { name: 'slipway-test-wasm' },
      handler: 'wasmtime',
    });
    for (const traffic of TRAFFIC) {
      const place = await rig.namespace({ rules: leastRules({ namespace: 'any', key: KEY, traffic }) });
      await rig.admin.demand('PATCH', `/api/v1/namespaces/${place.name}`, {
        content: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
        type: 'application/merge-patch+json',
      });
      const target = { kubeconfig: place.kubeconfig, context: null, namespace: place.name };
      places.set(traffic, { place, client: await connectCluster({ target, clock: systemClock, environment: {} }) });
    }
  });
  afterAll(async () => {
    await rig?.admin.ask('DELETE', '/apis/node.k8s.io/v1/runtimeclasses/slipway-test-wasm');
    await rig?.[Symbol.asyncDispose]();
  });

  const at = (traffic: Traffic) => {
    const found = places.get(traffic);
    if (found === undefined) throw new Error(`no namespace for ${traffic}`);
    return found;
  };
  const contextFor = (traffic: Traffic, { kubernetes, ...change }: SampleChange = {}): EnvironmentContext =>
    sampleContext({
      ...change,
      kubernetes: {
        namespace: at(traffic).place.name,
        traffic,
        ...(traffic === 'service' ? { gateway: null, hosts: [] } : {}),
        ...kubernetes,
      },
    });
  const dry = (client: ClusterClient, object: KubernetesObject) => client.write(object, { kind: 'apply', dry: true });

  describe.each(TRAFFIC)('with traffic by %s', (traffic) => {
    test('every object is strictly valid, and within the least rights for this one environment', async () => {
      const { client } = at(traffic);
      const context = contextFor(traffic);
      for (const object of [...environmentObjects(context), ...releaseObjects(context, sampleRelease(1), 3)]) {
        expect(await dry(client, object)).toMatchObject({
          kind: object.kind,
          metadata: { name: object.metadata.name },
        });
      }
    });

    const possible = Object.entries(ROUTES).filter(
      ([, { match, mirror }]) => traffic !== 'service' || (match === null && mirror === null),
    );
    test.each(possible)('a split of %s is valid', async (_name, effect) => {
      const { client } = at(traffic);
      for (const object of routeObjects(contextFor(traffic), effect)) {
        expect(await dry(client, object)).toMatchObject({ kind: object.kind });
      }
    });
  });

  test('the longest names, all settings and no host names are valid too', async () => {
    const service = 'a'.repeat(63);
    const key = `${service}/${'b'.repeat(62)}9`;
    const content = { service, environment: key.slice(64) };
    const releases = [1, 2, 3].map((number) => sampleRelease(number, content));
    const settings = { hosts: [], pullSecret: 'registry', resources: { cpu: '250m', memory: '128Mi' } };
    for (const traffic of TRAFFIC) {
      const context = contextFor(traffic, { key, releases, kubernetes: settings });
      const objects = [
        ...environmentObjects(context),
        ...releaseObjects(context, sampleRelease(2, content), 1),
        ...routeObjects(context, sampleRoute({ 1: 0.5, 2: 0.5 })),
      ];
      for (const object of objects) {
        // These names are not those that the account has rights for: the administrator asks.
        expect(await dryAsAdmin(rig, object)).toMatchObject({ kind: object.kind });
      }
    }
  });

  test('a field that does not exist is refused: the check sees', async () => {
    const { client } = at('service');
    const [object] = environmentObjects(contextFor('service'));
    await expect(dry(client, { ...object!, autmountServiceAccountToken: false })).rejects.toMatchObject({
      message: expect.stringContaining('autmountServiceAccountToken'),
    });
  });

  test.each([null, 'slipway-test-wasm'])(
    'pods with runtime class %s are admitted where only restricted ones are',
    async (runtimeClass) => {
      const { place, client } = at('service');
      const context = contextFor('service', { kubernetes: { runtimeClass } });
      const release = sampleRelease(runtimeClass === null ? 1 : 2, { secrets: {} });
      for (const object of [...environmentObjects(context), ...releaseObjects(context, release, 2)]) {
        await client.write(object, { kind: 'apply' });
      }
      const labels = { 'slipway.dev/release': String(release.number) };
      const pods = async () => await place.objects('v1', 'pods', labels);
      await until(async () => (await pods()).length === 2, 20_000);
      const [pod] = await pods();
      expect(pod).toMatchObject({ spec: { automountServiceAccountToken: false } });
    },
  );

  test('a pod that is not so is kept out of that namespace: the check sees', async () => {
    const { place } = at('service');
    const answer = await rig.admin.ask('POST', `/api/v1/namespaces/${place.name}/pods`, {
      content: { metadata: { name: 'loose' }, spec: { containers: [{ name: 'a', image: 'a' }] } },
    });
    expect(answer).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('PodSecurity "restricted') },
    });
  });

  test('the budget lets one pod of the environment go at a time, whichever release it is of', async () => {
    const { place, client } = at('service');
    const context = contextFor('service', { key: KEY });
    for (const object of [
      ...environmentObjects(context),
      ...[1, 3].flatMap((number) => releaseObjects(context, sampleRelease(number, { secrets: {} }), 2)),
    ]) {
      await client.write(object, { kind: 'apply' });
    }
    const status = async (): Promise<unknown> =>
      (await place.objects('policy/v1', 'poddisruptionbudgets'))[0]?.['status'];
    const spanned = { expectedPods: 6, currentHealthy: 6, desiredHealthy: 5, disruptionsAllowed: 1 };
    await expect.poll(status, { timeout: 20_000 }).toMatchObject(spanned);
  });

  describe('the rights for one environment', () => {
    const forbidden = { code: 'kubernetes/forbidden' };

    test('reach no other secret, no other route or Service, and no role', async () => {
      const { client, place } = at('istio');
      await expect(client.read({ ...KINDS.secret, name: 'another' })).rejects.toMatchObject(forbidden);
      expect(await client.read({ ...KINDS.secret, name: recordName(KEY) })).toBeNull();
      const others = routeObjects(contextFor('istio', { key: 'greeter/staging' }), sampleRoute({ 1: 1 }));
      for (const other of others) await expect(dry(client, other)).rejects.toMatchObject(forbidden);
      const [, role] = leastRole({ namespace: place.name, traffic: 'istio' });
      await expect(dry(client, role!)).rejects.toMatchObject(forbidden);
    });

    test('take the Lease of the environment and no other', async () => {
      const { client } = at('gateway-api');
      const lease = { ...KINDS.lease, metadata: { name: recordName(KEY) }, spec: { leaseDurationSeconds: 15 } };
      const made = await client.write(lease, { kind: 'create' });
      await client.write({ ...lease, metadata: made.metadata }, { kind: 'replace' });
      await expect(client.read({ ...KINDS.lease, name: 'kube-scheduler' })).rejects.toMatchObject(forbidden);
    });

    test('are ones that the API server takes', async () => {
      for (const traffic of TRAFFIC) {
        for (const wish of [{ traffic }, { traffic, key: KEY }]) {
          // Where the rig has not made such a role itself.
          for (const object of leastRole({ namespace: 'default', ...wish })) {
            expect(await dryAsAdmin(rig, object)).toMatchObject({ kind: object.kind });
          }
        }
      }
    });
  });
});

const PLURALS: Readonly<Record<string, string>> = {
  HTTPRoute: 'httproutes',
  PodDisruptionBudget: 'poddisruptionbudgets',
  ServiceAccount: 'serviceaccounts',
  ConfigMap: 'configmaps',
};

/** Strict, as the client of the product asks. */
async function dryAsAdmin({ admin }: ClusterRig, object: KubernetesObject): Promise<ApiObject> {
  const { apiVersion, kind, metadata } = object;
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = PLURALS[kind] ?? `${kind.toLowerCase()}s`;
  const path = `${group}/namespaces/${metadata.namespace}/${plural}/${metadata.name}`;
  const query = 'fieldManager=slipway&dryRun=All&fieldValidation=Strict';
  const body = { content: object, type: 'application/apply-patch+yaml' };
  return admin.demand('PATCH', `${path}?${query}`, body);
}
