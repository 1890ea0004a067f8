import { expect, test } from 'vitest';
import { createMemoryCluster } from '../../../test/rigs/memory-cluster.ts';
import { createClusterSecretStore } from './cluster-secret-store.ts';

const KEY = 'greeter/production';
const PASSWORD = 'correct horse battery';

test('two homes that put the same value at once name the same version, and its Secret never changes', async () => {
  const cluster = createMemoryCluster();
  const put = (values: Readonly<Record<string, string>>) => createClusterSecretStore(cluster.client(), KEY).put(values);
  const [one, other] = await Promise.all([put({ PASSWORD }), put({ PASSWORD })]);
  expect(one).toEqual(other);
  expect(one['PASSWORD']).toMatch(/^[0-9a-f]{16}$/);
  expect(cluster.writes).toBe(2);
  const next = await put({ PASSWORD: 'another value', TOKEN: PASSWORD });
  expect(new Set([one['PASSWORD'], next['PASSWORD'], next['TOKEN']]).size).toBe(3);
  const secrets = [...cluster.objects.values()].map((object) => object as unknown as Record<string, unknown>);
  expect(secrets.map(({ kind, immutable, type }) => [kind, immutable, type])).toEqual(
    secrets.map(() => ['Secret', true, 'Opaque']),
  );
  const values = secrets.map(({ data }) => Buffer.from(Object.values(data as object).join(), 'base64').toString());
  expect(values.filter((value) => value === PASSWORD)).toHaveLength(2);
});

test('an environment without secrets asks the cluster for nothing', async () => {
  const cluster = createMemoryCluster();
  cluster.unreachable = true;
  expect(await createClusterSecretStore(cluster.client(), KEY).put({})).toEqual({});
});

test('the same value in another environment, or under another key, is another version', async () => {
  const put = (cluster: ReturnType<typeof createMemoryCluster>, key: string) =>
    createClusterSecretStore(cluster.client(), key).put({ PASSWORD });
  const cluster = createMemoryCluster();
  const versions = [
    await put(cluster, KEY),
    await put(cluster, 'greeter/staging'),
    await put(createMemoryCluster(), KEY),
  ];
  expect(new Set(versions.map((one) => one['PASSWORD'])).size).toBe(3);
});

test('what stands where the key should be is not used as one', async () => {
  const cluster = createMemoryCluster();
  await cluster.client().write(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'greeter-production-slipway' },
      data: { value: 'c2hvcnQ=' },
    },
    { kind: 'create' },
  );
  await expect(createClusterSecretStore(cluster.client(), KEY).put({ PASSWORD })).rejects.toMatchObject({
    code: 'kubernetes/secret-key',
  });
});
