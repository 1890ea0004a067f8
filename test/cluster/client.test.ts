/** The client on a cluster of its own, which is restarted, and which knows neither the Gateway API nor Istio. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import type { FollowedObjects, KubernetesObject } from '../../src/platforms/kubernetes/cluster-client.ts';
import { type ClusterClient, connectCluster } from '../../src/platforms/kubernetes/index.ts';
import { KINDS } from '../../src/platforms/kubernetes/kinds.ts';
import { packedControlPlane } from './control-plane-binary.ts';
import { type LocalCluster, startLocalCluster } from './local-cluster.ts';

const program = await packedControlPlane();
if (program === null)
  process.stdout.write('SKIPPED: the client on a cluster of its own (no ../shared/cluster/kubetest.tar.xz)\n');

const LABELS = { of: 'this-test' };
const map = (name: string, value: string): KubernetesObject => ({
  ...KINDS.configMap,
  metadata: { name, labels: LABELS },
  data: { value },
});

describe.skipIf(program === null)('the client of the API server', () => {
  const folder = temporaryFolder('slipway-client-');
  let cluster: LocalCluster;
  let client: ClusterClient;
  const followed: FollowedObjects[] = [];
  const connect = (): Promise<ClusterClient> => {
    const target = { kubeconfig: cluster.kubeconfig, context: null, namespace: 'default' };
    return connectCluster({ target, clock: systemClock, environment: {} });
  };
  beforeAll(async () => {
    cluster = await startLocalCluster({
      folder: join(folder, 'cluster'),
      program: program ?? '',
      endsWithStarter: true,
    });
    client = await connect();
  });
  afterAll(async () => {
    for (const one of followed) one.close();
    await cluster?.down();
    rmSync(folder, { recursive: true, force: true });
  });
  const follow = async (): Promise<FollowedObjects> => {
    const one = client.follow({ ...KINDS.configMap, labels: LABELS });
    followed.push(one);
    await one.ready();
    return one;
  };
  const valuesOf = (one: FollowedObjects): unknown =>
    Object.fromEntries([...one.objects()].map(([name, object]) => [name, Object.values(object['data'] ?? {})[0]]));

  test('writes, reads and removes; each mode refuses what it must', async () => {
    const one = await follow();
    const made = await client.write(map('one', 'a'), { kind: 'create' });
    expect(valuesOf(one)).toMatchObject({ one: 'a' });
    await expect(client.write(map('one', 'b'), { kind: 'create' })).rejects.toMatchObject({
      code: 'kubernetes/changed',
    });
    const { resourceVersion = '' } = made.metadata;
    const changed = { ...map('one', 'b'), metadata: { ...map('one', 'b').metadata, resourceVersion } };
    await client.write(changed, { kind: 'replace' });
    await expect(client.write(changed, { kind: 'replace' })).rejects.toMatchObject({ code: 'kubernetes/changed' });
    const labelled = { ...KINDS.configMap, metadata: { name: 'one', labels: { more: 'x' } } };
    expect((await client.write(labelled, { kind: 'merge' })).metadata.labels).toEqual({ ...LABELS, more: 'x' });
    expect(await client.remove({ ...KINDS.configMap, name: 'one', uid: 'another' })).toBe(false);
    expect(await client.remove({ ...KINDS.configMap, name: 'one' })).toBe(true);
    expect(valuesOf(one)).toEqual({});
    expect(await client.read({ ...KINDS.configMap, name: 'one' })).toBeNull();
  });

  test.each(['apply', 'create'] as const)('fields that the kind does not have are refused (%s)', async (kind) => {
    const misspelt = { ...map('misspelt', 'a'), dota: { value: 'b' } };
    await expect(client.write(misspelt, { kind })).rejects.toMatchObject({
      code: 'kubernetes/invalid',
      message: expect.stringContaining('dota') as string,
    });
    expect(await client.read({ ...KINDS.configMap, name: 'misspelt' })).toBeNull();
  });

  test('what is written dry is checked and not kept', async () => {
    const one = await follow();
    await client.write(map('dry', 'a'), { kind: 'apply', dry: true });
    expect(await client.read({ ...KINDS.configMap, name: 'dry' })).toBeNull();
    expect(valuesOf(one)).toEqual({});
  });

  test('a kind that the cluster does not know is no object that is not there', async () => {
    const missing = { code: 'kubernetes/missing-kind', hint: expect.stringContaining('Gateway API') as string };
    await expect(client.read({ ...KINDS.httpRoute, name: 'x' })).rejects.toMatchObject(missing);
    const route = { ...KINDS.httpRoute, metadata: { name: 'x' }, spec: {} };
    await expect(client.write(route, { kind: 'apply' })).rejects.toMatchObject(missing);
    const routes = client.follow(KINDS.httpRoute);
    await expect(routes.ready()).rejects.toMatchObject(missing);
    routes.close();
  });

  test('a watch goes on over restarts of the API server, and misses nothing that came and went', async () => {
    const one = await follow();
    const other = await connect();
    for (const value of ['a', 'b']) await other.write(map(value, value), { kind: 'apply' });
    await expect.poll(() => valuesOf(one)).toEqual({ a: 'a', b: 'b' });
    for (const round of ['1', '2']) {
      await cluster.kill('kube-apiserver');
      await expect.poll(() => one.brokenSince()).not.toBeNull();
      await cluster.start('kube-apiserver');
      await other.write(map('a', round), { kind: 'apply' });
      await other.write(map(`new-${round}`, round), { kind: 'apply' });
      await other.remove({ ...KINDS.configMap, name: round === '1' ? 'b' : 'new-1' });
      const wanted = { a: round, [`new-${round}`]: round };
      await expect.poll(() => valuesOf(one), { timeout: 20_000 }).toEqual(wanted);
      expect(one.brokenSince()).toBeNull();
    }
  });

  test('calls that fall into a restart are made when the server is back', async () => {
    await cluster.kill('kube-apiserver');
    const patient = await connectCluster({
      target: { kubeconfig: cluster.kubeconfig, context: null, namespace: 'default' },
      clock: systemClock,
      environment: {},
      limits: { patience: 60_000 },
    });
    const writing = patient.write(map('patient', 'x'), { kind: 'apply' });
    await expect(client.read({ ...KINDS.configMap, name: 'a' })).rejects.toMatchObject({
      code: 'kubernetes/unreachable',
      retryable: true,
    });
    await cluster.start('kube-apiserver');
    expect((await writing).metadata.name).toBe('patient');
  });

  test('the output of a pod comes line by line', async () => {
    const lines: string[] = [];
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'speaks',
        annotations: { 'slipway-test/behaviour': JSON.stringify({ logs: ['one', 'two', 'three'] }) },
      },
      spec: { containers: [{ name: 'service', image: 'x' }] },
    };
    await client.write(pod, { kind: 'create' });
    await expect
      .poll(
        async () => {
          lines.length = 0;
          for await (const line of client.logs('speaks', { follow: false, tail: 2 })) lines.push(line);
          return lines.length;
        },
        { timeout: 20_000 },
      )
      .toBe(2);
    expect(lines).toEqual(['two', 'three']);
    await expect(
      client.logs('nobody', { follow: false, tail: 1 })[Symbol.asyncIterator]().next(),
    ).rejects.toMatchObject({
      code: 'kubernetes/changed',
    });
  });
});
