/** The record, and the versions of secrets, on a real API server under the least rights. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineRecord } from '../../src/delivery/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { fillRandom } from '../../src/kernel/random.ts';
import { createClusterRolloutStore } from '../../src/platforms/kubernetes/cluster-rollout-store.ts';
import { type ClusterClient, connectCluster, createClusterSecretStore } from '../../src/platforms/kubernetes/index.ts';
import { type ClusterRig, clusterAtHand, createClusterRig, type NamespaceRig } from '../rigs/cluster-rig.ts';

const KEY = 'greeter/production';

function recordWith(text: string): EngineRecord {
  const entry = { kind: 'rollout.stepped', subject: KEY, key: `${KEY}@abc#${text.slice(0, 8)}`, data: { text: 'x' } };
  return { state: { text }, intents: [], outbox: [entry], time: { engine: 1, wall: 2 } } as unknown as EngineRecord;
}

describe.skipIf(!(await clusterAtHand()))('on a real API server', () => {
  let cluster: ClusterRig;
  beforeAll(async () => {
    cluster = await createClusterRig();
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  const clientOf = (place: NamespaceRig): Promise<ClusterClient> => {
    const target = { kubeconfig: place.kubeconfig, context: null, namespace: place.name };
    return connectCluster({ target, clock: systemClock, environment: {} });
  };

  test('of two writers of a record one is refused, at the first save and at every later one', async () => {
    const place = await cluster.namespace({ prefix: 'store' });
    const open = async () => createClusterRolloutStore({ client: await clientOf(place), clock: systemClock });
    const [one, other] = [await open(), await open()];
    expect(await one.load(KEY)).toBeNull();
    for (let version = 0; version < 5; version += 1) {
      const saves = [
        one.save(KEY, version, recordWith(`one ${version}`)),
        other.save(KEY, version, recordWith('other')),
      ];
      const results = await Promise.allSettled(saves);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const refused = results.find((result) => result.status === 'rejected');
      expect(refused?.reason).toMatchObject({ code: 'delivery/stale-version' });
      expect((await other.load(KEY))?.version).toBe(version + 1);
      expect((await one.load(KEY))?.version).toBe(version + 1);
    }
    expect(await one.list()).toEqual([KEY]);
    await one.remove(KEY);
    expect(await other.load(KEY)).toBeNull();
  });

  test('a record as large as may be is taken by the server, and one that is larger is not sent', async () => {
    const place = await cluster.namespace({ prefix: 'store' });
    const store = createClusterRolloutStore({ client: await clientOf(place), clock: systemClock });
    const noise = (kibibytes: number): string =>
      Buffer.from(fillRandom(new Uint8Array(kibibytes * 1024))).toString('base64');
    await store.save(KEY, 0, recordWith(noise(880)));
    expect((await store.load(KEY))?.version).toBe(1);
    await expect(store.save(KEY, 1, recordWith(noise(920)))).rejects.toMatchObject({
      code: 'kubernetes/record-too-large',
    });
  });

  test('versions of secrets are made once, can not be changed, and need no right to read them', async () => {
    const place = await cluster.namespace({ prefix: 'store' });
    const values = { PASSWORD: 'correct horse battery' };
    const put = async () => createClusterSecretStore(await clientOf(place), KEY).put(values);
    const [one, other] = await Promise.all([put(), put()]);
    expect(one).toEqual(other);
    const secrets = await place.objects('v1', 'secrets', { 'slipway.dev/environment': 'production' });
    expect(secrets).toHaveLength(2);
    const secret = secrets.find(({ metadata }) => metadata.name.includes('password'));
    const path = `/api/v1/namespaces/${place.name}/secrets/${secret?.metadata.name}`;
    const content = { data: { value: 'b3RoZXI=' } };
    const answer = await cluster.admin.ask('PATCH', path, { content, type: 'application/merge-patch+json' });
    expect(answer.status).toBe(422);
  });
});
