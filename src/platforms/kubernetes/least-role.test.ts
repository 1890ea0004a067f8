import { describe, expect, test } from 'vitest';
import { leastRole, leastRules } from './least-role.ts';

const KEY = 'greeter/production';

/** `verb group/resource`, and the names where it is bounded. */
const rightsOf = (...args: Parameters<typeof leastRules>) =>
  leastRules(...args).flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
    resources.flatMap((resource) =>
      verbs.map((verb) => ({ right: `${verb} ${apiGroups[0]}/${resource}`, names: resourceNames ?? 'any' })),
    ),
  );

describe('the least rights', () => {
  test('are for kinds and verbs by name, never for all of them', () => {
    for (const { right } of rightsOf({ namespace: 'a', traffic: ['gateway-api', 'istio', 'service'] })) {
      expect(right).not.toContain('*');
    }
  });

  test('read no secret but the key of the environment, and change no role, no node and nothing outside of the namespace', () => {
    const rights = rightsOf({ namespace: 'a', key: KEY, traffic: 'service' });
    const secrets = rights.filter(({ right }) => right.endsWith('/secrets'));
    expect(secrets).toEqual([
      { right: 'create /secrets', names: 'any' },
      { right: 'get /secrets', names: ['greeter-production-slipway'] },
    ]);
    expect(rights.filter(({ right }) => /rbac|roles|nodes|namespaces|exec|eviction/.test(right))).toEqual([]);
  });

  test('change objects with a fixed name by that name', () => {
    const rights = rightsOf({ namespace: 'a', key: KEY, traffic: 'istio' });
    const namesFor = (right: string) => rights.filter((one) => one.right === right).map(({ names }) => names);
    expect(namesFor('update /configmaps')).toEqual([['greeter-production-slipway']]);
    expect(namesFor('update coordination.k8s.io/leases')).toEqual([['greeter-production-slipway']]);
    expect(namesFor('patch networking.istio.io/virtualservices')).toEqual([['greeter-production']]);
    expect(namesFor('patch /services')).toEqual([['greeter-production', 'greeter-production-pods']]);
    expect(namesFor('patch apps/deployments')).toEqual(['any']);
  });

  test('touch pods only where a label on them splits the requests', () => {
    const patches = (traffic: 'service' | 'istio') =>
      rightsOf({ namespace: 'a', traffic }).some(({ right }) => right === 'patch /pods');
    expect([patches('service'), patches('istio')]).toEqual([true, false]);
  });
});

test('the role is bound to the account that is printed with it', () => {
  const [account, role, binding] = leastRole({ namespace: 'a', key: KEY, traffic: 'service' });
  const { name } = role!.metadata;
  expect(account).toMatchObject({ kind: 'ServiceAccount', metadata: { name, namespace: 'a' } });
  expect(binding).toMatchObject({ roleRef: { kind: 'Role', name }, subjects: [{ name, namespace: 'a' }] });
  expect(leastRole({ namespace: 'a', traffic: 'service' })[1]).toMatchObject({ metadata: { name: 'slipway' } });
});
