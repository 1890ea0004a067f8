/**
 * The least rights with which Slipway can drive an environment: what `slipway rbac` prints, and what every test on a
 * cluster runs under. Rights on objects with a fixed name are given by that name (`list` and `watch` too: we ask for them
 * by `metadata.name`). Names can't bound a `create` that is no server-side apply, and objects of releases have names that
 * nobody knows beforehand: those rights hold for the kind in the whole namespace.
 */

import type { KubernetesSpec } from '../../delivery/index.ts';
import type { KubernetesObject, ObjectMetadata } from './cluster-client.ts';
import { KINDS } from './kinds.ts';
import { environmentLabels, environmentName, FIELD_MANAGER, recordName, subsetHost } from './names.ts';

export interface RoleWish {
  readonly namespace: string;
  /** Only this environment; absent: every one that Slipway has in the namespace. */
  readonly key?: string;
  readonly traffic: KubernetesSpec['traffic'];
}

export type RoleRule = {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
};

/** The account that may drive, its Role and what binds them. */
export function leastRole(wish: RoleWish): readonly KubernetesObject[] {
  const { namespace, key } = wish;
  const name = key === undefined ? FIELD_MANAGER : recordName(key);
  const labels = {
    'app.kubernetes.io/managed-by': FIELD_MANAGER,
    ...(key === undefined ? {} : environmentLabels(key)),
  };
  const metadata: ObjectMetadata = { name, namespace, labels };
  const apiGroup = 'rbac.authorization.k8s.io';
  return [
    // Whoever drives from outside of the cluster asks for a token of it; no pod is handed one unasked.
    { ...KINDS.serviceAccount, metadata, automountServiceAccountToken: false },
    { ...KINDS.role, metadata, rules: leastRules(wish) },
    {
      ...KINDS.roleBinding,
      metadata,
      roleRef: { apiGroup, kind: KINDS.role.kind, name },
      subjects: [{ kind: KINDS.serviceAccount.kind, name, namespace }],
    },
  ];
}

/** Looking at objects, once and from then on. */
const SEE = ['get', 'list', 'watch'] as const;
/** Making an object by server-side apply, which the API server checks with its name, and taking it away. */
const KEEP = ['create', 'patch', 'delete'] as const;

export function leastRules(wish: RoleWish): readonly RoleRule[] {
  const { key, traffic } = wish;
  const named = (...names: readonly string[]): Names => (key === undefined ? {} : { resourceNames: names });
  const fixed = named(...(key === undefined ? [] : [environmentName(key)]));
  const record = named(...(key === undefined ? [] : [recordName(key)]));
  return [
    // Releases: their names are made of their numbers and digests.
    ruleOf('apps/deployments', [...SEE, ...KEEP, 'update']),
    ruleOf('/configmaps', [...SEE, ...KEEP]),
    // The record of the engine is replaced as it was read, which is what keeps two drivers apart.
    ruleOf('/configmaps', ['update'], record),
    // Versions of secrets are made and taken away and never read; the key of their ids is.
    ruleOf('/secrets', ['create', 'delete']),
    ruleOf('/secrets', ['get'], record),
    ruleOf('/pods', traffic === 'service' ? [...SEE, 'patch'] : SEE),
    ruleOf('/pods/log', ['get']),
    ...serviceRules(wish),
    ruleOf('/serviceaccounts', ['get', ...KEEP], fixed),
    ruleOf('policy/poddisruptionbudgets', ['get', ...KEEP], fixed),
    // A Lease is made by a plain `create`, so that of two that take it first one does.
    ruleOf('coordination.k8s.io/leases', ['create']),
    ruleOf('coordination.k8s.io/leases', [...SEE, 'update', 'delete'], record),
    ...routeRules(traffic, fixed),
  ];
}

/** With an HTTPRoute every release has a Service; else their names are known. */
function serviceRules({ key, traffic }: RoleWish): readonly RoleRule[] {
  if (key === undefined || traffic === 'gateway-api') return [ruleOf('/services', [...SEE, ...KEEP])];
  const resourceNames = traffic === 'istio' ? [environmentName(key), subsetHost(key)] : [environmentName(key)];
  return [ruleOf('/services', [...SEE, ...KEEP], { resourceNames })];
}

function routeRules(traffic: RoleWish['traffic'], names: Names): readonly RoleRule[] {
  switch (traffic) {
    case 'gateway-api':
      return [ruleOf('gateway.networking.k8s.io/httproutes', [...SEE, ...KEEP], names)];
    case 'istio':
      return [ruleOf('networking.istio.io/virtualservices,destinationrules', [...SEE, ...KEEP], names)];
    case 'service':
      return [];
  }
}

type Names = Pick<RoleRule, 'resourceNames'>;

/** `where`: the group and the resources, `apps/deployments`. */
function ruleOf(where: string, verbs: readonly string[], names: Names = {}): RoleRule {
  const [apiGroup = '', ...resource] = where.split('/');
  return { apiGroups: [apiGroup], resources: resource.join('/').split(','), ...names, verbs };
}
