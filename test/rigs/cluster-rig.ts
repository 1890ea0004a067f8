/** A cluster for tests: namespaces of their own, an account with the least rights, pods and routes that do as they are told. */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { KubernetesSpec } from '../../src/delivery/index.ts';
import { randomIdentifier } from '../../src/kernel/random.ts';
import { leastRules } from '../../src/platforms/kubernetes/least-role.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { type AdminClient, type ApiObject, createAdminClient } from '../cluster/admin-client.ts';
import { type AuditEvent, type AuditFilter, readAuditLog } from '../cluster/audit-log.ts';
import { packedControlPlane } from '../cluster/control-plane-binary.ts';
import { joinLocalCluster, type LocalCluster, startLocalCluster } from '../cluster/local-cluster.ts';
import { BEHAVIOUR_ANNOTATION, type PodBehaviour, type PodRule, RULES_LABEL } from '../cluster/node/pod-behaviour.ts';
import { until } from './agent-rig.ts';
import { createPlayedGateway, type PlayedGateway } from '../cluster/played-gateway.ts';
import { defineSharedKinds } from '../cluster/shared-kinds.ts';

/** Folder of the local cluster that all files of one test run share. */
export const CLUSTER_VARIABLE = 'SLIPWAY_TEST_CLUSTER';
/** Of an administrator of any other cluster whose pods are played (its other nodes must be cordoned). */
export const KUBECONFIG_VARIABLE = 'SLIPWAY_TEST_KUBECONFIG';

export interface ClusterRig {
  readonly admin: AdminClient;
  /** `null`: somebody else's cluster, which nobody restarts here. */
  readonly local: LocalCluster | null;
  /** A fresh one, with an account in it that has only the least rights. */
  namespace(options?: NamespaceOptions): Promise<NamespaceRig>;
  [Symbol.asyncDispose](): Promise<void>;
}

type Rule = ReturnType<typeof leastRules>[number];

export interface NamespaceOptions {
  readonly prefix?: string;
  /** For which the account gets the least rights; `gateway-api` unless it is said. */
  readonly traffic?: KubernetesSpec['traffic'];
  /** Of the account's Role, in the place of the least ones. */
  readonly rules?: readonly Rule[];
}

export interface NamespaceRig {
  readonly name: string;
  /** Path of the kubeconfig of the restricted account. */
  readonly kubeconfig: string;
  /** How the API server calls that account. */
  readonly user: string;
  /** How pods behave from now on, living ones too: the first rule that fits counts. */
  play(rules: readonly PodRule[]): Promise<void>;
  /** The same for living pods with these labels alone; `null`: as if nothing had been said. Returns how many there were. */
  behave(labels: Readonly<Record<string, string>>, behaviour: Partial<PodBehaviour> | null): Promise<number>;
  /** Says that routes are in force, so long after each change. One for a namespace. */
  playGateway(delay?: number): PlayedGateway;
  /** Objects of a kind: `objects('apps/v1', 'deployments')`. */
  objects(apiVersion: string, plural: string, labels?: Readonly<Record<string, string>>): Promise<readonly ApiObject[]>;
  /** What the account asked of the API server here. Only of a local cluster. */
  audit(filter?: Omit<AuditFilter, 'user' | 'namespace'>): readonly AuditEvent[];
  remove(): Promise<void>;
}

export interface RigOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Whether there can be a cluster: `describe.skipIf(!(await clusterAtHand()))`. */
export async function clusterAtHand(env: NonNullable<RigOptions['env']> = process.env): Promise<boolean> {
  return Boolean(env[CLUSTER_VARIABLE] || env[KUBECONFIG_VARIABLE]) || (await packedControlPlane()) !== null;
}

/** Joins the cluster that the environment names; without one it starts one, which ends with the rig. */
export async function createClusterRig({ env = process.env }: RigOptions = {}): Promise<ClusterRig> {
  const folder = temporaryFolder('slipway-cluster-rig-');
  const { local, kubeconfig, own } = await reachCluster(env, join(folder, 'cluster'));
  const admin = await createAdminClient(kubeconfig);
  await defineSharedKinds(admin);
  const namespaces: NamespaceRig[] = [];
  return {
    admin,
    local,
    async namespace(options = {}) {
      const rig = await createNamespace({ admin, local, adminConfig: kubeconfig, folder, ...options });
      namespaces.push(rig);
      return rig;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(namespaces.map((namespace) => namespace.remove()));
      admin.close();
      if (own) await local?.down();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Reached {
  readonly local: LocalCluster | null;
  readonly kubeconfig: string;
  /** Started for this rig alone. */
  readonly own: boolean;
}

async function reachCluster(env: NonNullable<RigOptions['env']>, folder: string): Promise<Reached> {
  const foreign = env[KUBECONFIG_VARIABLE];
  if (foreign) return { local: null, kubeconfig: foreign, own: false };
  const named = env[CLUSTER_VARIABLE];
  const joined = named === undefined ? null : joinLocalCluster(named);
  if (joined !== null) return { local: joined, kubeconfig: joined.kubeconfig, own: false };
  const program = await packedControlPlane();
  if (program === null) throw new Error('there is no cluster: ../shared/cluster is not there');
  const local = await startLocalCluster({ folder, program, endsWithStarter: true });
  return { local, kubeconfig: local.kubeconfig, own: true };
}

interface NamespaceParts extends NamespaceOptions {
  readonly admin: AdminClient;
  readonly local: LocalCluster | null;
  readonly adminConfig: string;
  readonly folder: string;
}

const ACCOUNT = 'slipway';
const RULES_MAP = 'pod-rules';

async function createNamespace(parts: NamespaceParts): Promise<NamespaceRig> {
  const { admin, local, adminConfig, folder, prefix = 'test', traffic = 'gateway-api' } = parts;
  const name = `${prefix}-${randomIdentifier(8).toLowerCase()}`;
  const rules = parts.rules ?? leastRules({ namespace: name, traffic });
  const core = `/api/v1/namespaces/${name}`;
  const gateways: PlayedGateway[] = [];
  await admin.demand('POST', '/api/v1/namespaces', { content: { metadata: { name } } });
  await grant(admin, name, rules);
  await untilInForce(admin, name, rules);
  const kubeconfig = join(folder, `${name}.kubeconfig`);
  writeFileSync(kubeconfig, await accountConfig(admin, { adminConfig, namespace: name, account: ACCOUNT }), {
    mode: 0o600,
  });
  return {
    name,
    kubeconfig,
    user: userIn(name),
    async play(played) {
      await admin.apply(`${core}/configmaps/${RULES_MAP}`, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: RULES_MAP, labels: { [RULES_LABEL]: '' } },
        data: { rules: JSON.stringify(played) },
      });
    },
    async behave(labels, behaviour) {
      const pods = await listed(admin, `${core}/pods`, labels);
      const annotations = { [BEHAVIOUR_ANNOTATION]: behaviour === null ? null : JSON.stringify(behaviour) };
      for (const { metadata } of pods) {
        const type = 'application/merge-patch+json';
        await admin.ask('PATCH', `${core}/pods/${metadata.name}`, { content: { metadata: { annotations } }, type });
      }
      return pods.length;
    },
    playGateway(delay = 0) {
      const gateway = createPlayedGateway(admin, name, delay);
      gateways.push(gateway);
      return gateway;
    },
    objects(apiVersion, plural, labels = {}) {
      const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
      return listed(admin, `${group}/namespaces/${name}/${plural}`, labels);
    },
    audit(filter = {}) {
      if (local === null) throw new Error('only of a local cluster is there an audit log');
      return readAuditLog(local.auditLog, { ...filter, user: userIn(name), namespace: name });
    },
    async remove() {
      for (const gateway of gateways) gateway.close();
      await admin.ask('DELETE', `/api/v1/namespaces/${name}`);
    },
  };
}

async function grant(admin: AdminClient, namespace: string, rules: readonly Rule[]): Promise<void> {
  const metadata = { name: ACCOUNT };
  const rights = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  await admin.demand('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { content: { metadata } });
  await admin.demand('POST', `${rights}/roles`, { content: { metadata, rules } });
  await admin.demand('POST', `${rights}/rolebindings`, {
    content: {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: ACCOUNT },
      subjects: [{ kind: 'ServiceAccount', name: ACCOUNT, namespace }],
    },
  });
}

/** The authorizer of the API server follows Roles by a watch of its own. */
async function untilInForce(admin: AdminClient, namespace: string, rules: readonly Rule[]): Promise<void> {
  const [rule] = rules;
  if (rule === undefined) return;
  const [group = ''] = rule.apiGroups;
  const [resource = ''] = rule.resources;
  const [verb = ''] = rule.verbs;
  const user = userIn(namespace);
  const spec = { user, resourceAttributes: { namespace, group, resource, verb, name: rule.resourceNames?.[0] ?? '' } };
  await until(async () => {
    const review = await admin.demand('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      content: { spec },
    });
    return (review['status'] as { readonly allowed: boolean }).allowed;
  });
}

function userIn(namespace: string): string {
  return `system:serviceaccount:${namespace}:${ACCOUNT}`;
}

export interface AccountWish {
  /** Kubeconfig of an administrator, which names the server. */
  readonly adminConfig: string;
  readonly namespace: string;
  readonly account: string;
}

/** A kubeconfig with a token of the account, good for an hour. */
export async function accountConfig(admin: AdminClient, wish: AccountWish): Promise<string> {
  const { adminConfig, namespace, account } = wish;
  const config = new KubeConfig();
  config.loadFromFile(adminConfig);
  const cluster = config.getCurrentCluster();
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const asked = await admin.demand('POST', path, { content: { spec: { expirationSeconds: 3600 } } });
  const { token } = asked['status'] as { token: string };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: cluster?.server, 'certificate-authority-data': cluster?.caData } }],
    users: [{ name: account, user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: account, namespace } }],
    'current-context': 'test',
  });
}

async function listed(
  admin: AdminClient,
  path: string,
  labels: Readonly<Record<string, string>>,
): Promise<readonly ApiObject[]> {
  const selector = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const query = new URLSearchParams({ labelSelector: selector.join(',') });
  const { items } = (await admin.demand('GET', `${path}?${query.toString()}`)) as unknown as { items: ApiObject[] };
  return items;
}
