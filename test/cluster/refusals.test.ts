/** What a cluster refuses: each time a clear error in its own words, and nothing half applied. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EnvironmentContext } from '../../src/delivery/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { Fault } from '../../src/kernel/fault.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import {
  connectCluster,
  createKubernetesPlatform,
  type KubernetesPlatform,
} from '../../src/platforms/kubernetes/index.ts';
import { releaseName } from '../../src/platforms/kubernetes/names.ts';
import { sampleContext, sampleRelease } from '../../src/platforms/kubernetes/objects/sample-context.ts';
import {
  type ClusterRig,
  clusterAtHand,
  createClusterRig,
  type NamespaceRig,
  type NamespaceOptions,
} from '../rigs/cluster-rig.ts';

const RELEASE = sampleRelease(1, { secrets: {} });
const LABELS = { 'slipway.dev/service': 'greeter', 'slipway.dev/environment': 'production' };
const SCALE = { kind: 'scale', release: 1, replicas: 2 } as const;

interface Stage {
  readonly rig: NamespaceRig;
  readonly context: EnvironmentContext;
  readonly platform: KubernetesPlatform;
  /** Path of the namespace in the core API. */
  readonly core: string;
}

describe.skipIf(!(await clusterAtHand()))('a cluster refuses', () => {
  let cluster: ClusterRig;
  const platforms: KubernetesPlatform[] = [];
  const folder = temporaryFolder();
  beforeAll(async () => {
    cluster = await createClusterRig();
  });
  afterAll(async () => {
    for (const platform of platforms) platform.close();
    await cluster?.[Symbol.asyncDispose]();
  });

  const platformOf = (rig: { name: string; kubeconfig: string }, context: string | null = null): KubernetesPlatform => {
    const target = { kubeconfig: rig.kubeconfig, context, namespace: rig.name };
    const platform = createKubernetesPlatform({
      connect: () => connectCluster({ target, clock: systemClock, environment: {}, limits: { patience: 1000 } }),
      counters: { read: () => Promise.resolve([]) },
      clock: systemClock,
    });
    platforms.push(platform);
    return platform;
  };
  const contextIn = (namespace: string): EnvironmentContext =>
    sampleContext({ kubernetes: { namespace, traffic: 'service', gateway: null, hosts: [] }, releases: [RELEASE] });
  const stage = async (options: NamespaceOptions = {}): Promise<Stage> => {
    const rig = await cluster.namespace({ prefix: 'refusals', traffic: 'service', ...options });
    const core = `/api/v1/namespaces/${rig.name}`;
    return { rig, context: contextIn(rig.name), platform: platformOf(rig), core };
  };
  const refusal = async (work: Promise<unknown>): Promise<Fault> => {
    const error = await work.then(
      () => new Error('it was not refused'),
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof Fault)) throw error;
    return error;
  };
  /** Everything that an environment is made of. */
  const made = async ({ rig }: Stage): Promise<readonly string[]> => {
    const kinds = [
      ['v1', 'configmaps'],
      ['v1', 'services'],
      ['v1', 'serviceaccounts'],
      ['apps/v1', 'deployments'],
      ['policy/v1', 'poddisruptionbudgets'],
    ] as const;
    const found = await Promise.all(kinds.map(([apiVersion, plural]) => rig.objects(apiVersion, plural, LABELS)));
    return found.flat().map(({ kind, metadata }) => `${String(kind)} ${metadata.name}`);
  };
  const writeConfig = (rig: NamespaceRig, name: string, user: object): string => {
    const path = join(folder, `${rig.name}-${name}`);
    const server = cluster.admin.server;
    const clusters = [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }];
    const contexts = [{ name: 'test', context: { cluster: 'test', user: 'ada' } }];
    const users = [{ name: 'ada', user }];
    writeFileSync(path, JSON.stringify({ clusters, contexts, users, 'current-context': 'test' }));
    return path;
  };

  test('who has no right, and says which and to whom to give it', async () => {
    const on = await stage({ rules: [] });
    const fault = await refusal(on.platform.apply(on.context, SCALE));
    expect(fault).toMatchObject({ code: 'kubernetes/forbidden', kind: 'refused', retryable: false });
    expect(fault.message).toContain(`User "${on.rig.user}" cannot list resource`);
    expect(fault.hint).toContain('slipway rbac');
  });

  test('who may do a part of it: the rest is not done either', async () => {
    const all = ['get', 'list', 'watch', 'create', 'patch', 'delete'];
    const on = await stage({
      rules: [
        { apiGroups: [''], resources: ['services', 'configmaps', 'serviceaccounts', 'pods'], verbs: all },
        { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: all },
        { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list', 'watch'] },
      ],
    });
    const fault = await refusal(on.platform.apply(on.context, SCALE));
    expect(fault.code).toBe('kubernetes/forbidden');
    expect(fault.message).toMatch(
      /^Can't apply Deployment greeter-production-1-.* cannot (create|patch) resource "deployments"/,
    );
    expect(await made(on)).toEqual([]);
  });

  test('what a quota does not allow', async () => {
    const on = await stage();
    const content = { metadata: { name: 'none' }, spec: { hard: { 'count/deployments.apps': '0' } } };
    await cluster.admin.demand('POST', `${on.core}/resourcequotas`, { content });
    await expect.poll(() => on.platform.check(on.context, RELEASE), { timeout: 10_000 }).toContain('exceeded quota');
    const fault = await refusal(on.platform.apply(on.context, SCALE));
    expect(fault.code).toBe('kubernetes/quota');
    expect(fault.message).toContain('exceeded quota: none, requested: count/deployments.apps=1');
    expect(await made(on)).toEqual([]);
  });

  test('a token that has expired, without telling it', async () => {
    const on = await stage();
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'RS256' })}.${part({ exp: 1_700_000_000, sub: 'ada' })}.c2lnbmF0dXJl`;
    const kubeconfig = writeConfig(on.rig, 'expired', { token });
    const fault = await refusal(platformOf({ name: on.rig.name, kubeconfig }).apply(on.context, SCALE));
    expect(fault.code).toBe('kubernetes/unauthorized');
    expect(fault.message).toContain('the user ada, its token has expired on 2023-11-14T22:13:20');
    expect(JSON.stringify([fault.message, fault.hint])).not.toContain(token.slice(0, 20));
    expect(await made(on)).toEqual([]);
  });

  test('a token that it does not know', async () => {
    const on = await stage();
    const kubeconfig = writeConfig(on.rig, 'unknown', { token: 'what-is-this-token' });
    const fault = await refusal(platformOf({ name: on.rig.name, kubeconfig }).apply(on.context, SCALE));
    expect(fault).toMatchObject({ code: 'kubernetes/unauthorized' });
    expect(fault.message).toContain('it says "Unauthorized"');
    expect(fault.message).not.toContain('what-is-this-token');
  });

  test('a context that the kubeconfig does not have, naming those that it has', async () => {
    const on = await stage();
    const fault = await refusal(platformOf(on.rig, 'prod').apply(on.context, SCALE));
    expect(fault).toMatchObject({ code: 'kubernetes/unknown-context', kind: 'usage' });
    expect(fault.message).toMatch(/^There is no context "prod": the kubeconfig .* has the context test\.$/);
  });

  test('a change of what can not be changed', async () => {
    const on = await stage();
    const name = releaseName(on.context.key, RELEASE);
    const path = `${on.core}/configmaps/${name}?fieldManager=slipway&force=true`;
    const content = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      immutable: true,
      data: { LOG_LEVEL: 'x' },
    };
    await cluster.admin.demand('PATCH', path, { content, type: 'application/apply-patch+yaml' });
    const fault = await refusal(on.platform.apply(on.context, SCALE));
    expect(fault.code).toBe('kubernetes/immutable');
    expect(fault.message).toContain('field is immutable when `immutable` is set');
    expect(await made(on)).toEqual([]);
  });

  test('to take a field from another tool, naming it and the field', async () => {
    const on = await stage();
    await on.platform.apply(on.context, SCALE);
    const path = `/apis/apps/v1/namespaces/${on.rig.name}/deployments/${releaseName(on.context.key, RELEASE)}`;
    const content = { spec: { replicas: 5 } };
    const type = 'application/merge-patch+json';
    await cluster.admin.demand('PATCH', `${path}?fieldManager=some-autoscaler`, { content, type });
    await expect.poll(async () => (await on.platform.observe(on.context)).releases[1]?.desired).toBe(5);
    const fault = await refusal(on.platform.apply(on.context, { ...SCALE, replicas: 3 }));
    expect(fault).toMatchObject({ code: 'kubernetes/conflict', kind: 'refused' });
    expect(fault.message).toContain(
      'another tool claims what Slipway has to set: "some-autoscaler" holds .spec.replicas.',
    );
    expect(fault.hint).toContain('Let some-autoscaler leave these fields alone');
    expect((await on.platform.observe(on.context)).releases[1]?.desired).toBe(5);
  });

  test('anything in a namespace that is being deleted', async () => {
    const on = await stage();
    const holding = { metadata: { name: 'holds-it-up', finalizers: ['slipway.dev/test'] } };
    await cluster.admin.demand('POST', `${on.core}/configmaps`, { content: holding });
    // Its account goes with it, so an administrator asks.
    const admin = platformOf({ name: on.rig.name, kubeconfig: adminConfig(cluster) });
    await admin.observe(on.context);
    await cluster.admin.demand('DELETE', on.core);
    const fault = await refusal(admin.apply(on.context, SCALE));
    expect(fault.code).toBe('kubernetes/namespace-terminating');
    expect(fault.message).toContain(`the namespace ${on.rig.name} is being deleted`);
    expect(await made(on)).toEqual([]);
    const content = { metadata: { finalizers: null } };
    await cluster.admin.ask('PATCH', `${on.core}/configmaps/holds-it-up`, {
      content,
      type: 'application/merge-patch+json',
    });
  });

  test('what an admission policy denies', async () => {
    const on = await stage();
    const policies = '/apis/admissionregistration.k8s.io/v1';
    const name = on.rig.name;
    const rule = {
      apiGroups: ['apps'],
      apiVersions: ['v1'],
      operations: ['CREATE', 'UPDATE'],
      resources: ['deployments'],
    };
    await cluster.admin.demand('POST', `${policies}/validatingadmissionpolicies`, {
      content: {
        metadata: { name },
        spec: {
          matchConstraints: { resourceRules: [rule] },
          validations: [{ expression: 'object.spec.replicas <= 1', message: 'one is enough for everybody' }],
        },
      },
    });
    await cluster.admin.demand('POST', `${policies}/validatingadmissionpolicybindings`, {
      content: {
        metadata: { name },
        spec: {
          policyName: name,
          validationActions: ['Deny'],
          matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } },
        },
      },
    });
    try {
      // It comes into force a while after it was made.
      await expect.poll(() => on.platform.check(on.context, RELEASE), { timeout: 20_000 }).toContain('one is enough');
      const fault = await refusal(on.platform.apply(on.context, SCALE));
      expect(fault).toMatchObject({ code: 'kubernetes/refused-by-policy', kind: 'refused' });
      expect(fault.message).toMatch(
        /ValidatingAdmissionPolicy '.*' with binding '.*' denied request: one is enough for everybody\.$/,
      );
      expect(await made(on)).toEqual([]);
    } finally {
      await cluster.admin.ask('DELETE', `${policies}/validatingadmissionpolicybindings/${name}`);
      await cluster.admin.ask('DELETE', `${policies}/validatingadmissionpolicies/${name}`);
    }
  });

  test('a namespace that is not there', async () => {
    const name = 'refusals-nowhere';
    const fault = await refusal(platformOf({ name, kubeconfig: adminConfig(cluster) }).apply(contextIn(name), SCALE));
    expect(fault.code).toBe('kubernetes/no-namespace');
    expect(fault.hint).toContain(`kubectl create namespace ${name}`);
  });

  test('nobody, where there is no kubeconfig, or none that can be read', async () => {
    const on = await stage();
    const nothing = await refusal(
      platformOf({ name: 'x', kubeconfig: join(folder, 'nothing') }).apply(on.context, SCALE),
    );
    expect(nothing).toMatchObject({ code: 'kubernetes/kubeconfig', kind: 'usage' });
    expect(nothing.message).toMatch(/can't be read: it is not there\.$/);
    const path = join(folder, 'broken');
    writeFileSync(path, 'users:\n- name: ada\n  user:\n    token: "hush-hush-token\n  more: [');
    const broken = await refusal(platformOf({ name: 'x', kubeconfig: path }).apply(on.context, SCALE));
    expect(broken.code).toBe('kubernetes/kubeconfig');
    expect(broken.message).toMatch(/is no kubeconfig: .* in line \d+\.$/);
    expect(broken.message).not.toContain('hush');
  });
});

function adminConfig({ local }: ClusterRig): string {
  const path = local?.kubeconfig ?? process.env['SLIPWAY_TEST_KUBECONFIG'];
  if (path === undefined) throw new Error('there is no administrator');
  return path;
}
