/**
 * The least rights with which Slipway can drive an environment: what `slipway rbac` prints, and what every test on a
 * cluster runs under. Changes of objects with a fixed name are allowed by that name. Names can't bound what is listed or
 * watched by labels, nor a `create` that is no server-side apply, and objects of releases have names that nobody knows
 * beforehand: those rights hold for the kind in the whole namespace.
 */

import type { KubernetesSpec } from '../../delivery/index.ts';
import type { KubernetesObject, ObjectMetadata } from './cluster-client.ts';
import { KINDS } from './kinds.ts';
import { environmentLabels, environmentName, FIELD_MANAGER, recordName, subsetHost } from './names.ts';

export interface RoleWish {
  readonly namespace: string;
  /** Only this environment; absent: every one that Slipway has in the namespace. */
  readonly key?: string;
  /** What splits the requests of its environments: one way, or each that there is. */
  readonly traffic: KubernetesSpec['traffic'] | readonly KubernetesSpec['traffic'][];
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

/** Following objects by their labels. */
const FOLLOW = ['list', 'watch'] as const;
/** Making an object by server-side apply, which the API server checks with its name, and taking it away. */
const KEEP = ['get', 'create', 'patch', 'delete'] as const;

export function leastRules({ key, traffic }: RoleWish): readonly RoleRule[] {
  const modes = typeof traffic === 'string' ? [traffic] : traffic;
  const named = (...names: readonly string[]): Names => (key === undefined ? {} : { resourceNames: names });
  const fixed = named(key === undefined ? '' : environmentName(key));
  const record = named(key === undefined ? '' : recordName(key));
  const hasReleaseServices = key === undefined || modes.includes('gateway-api');
  const services = hasReleaseServices
    ? {}
    : named(environmentName(key), ...(modes.includes('istio') ? [subsetHost(key)] : []));
  return [
    // Releases: their names are made of their numbers and digests.
    ruleOf('apps/deployments', [...FOLLOW, ...KEEP]),
    ruleOf('/configmaps', [...FOLLOW, ...KEEP]),
    // The record of the engine is replaced as it was read, which is what keeps two drivers apart.
    ruleOf('/configmaps', ['update'], record),
    // Versions of secrets are made and never read; only the key that their ids are made with is.
    ruleOf('/secrets', ['create']),
    ruleOf('/secrets', ['get'], record),
    // A plain Service finds the pods that share its requests by a label that is put on them.
    ruleOf('/pods', modes.includes('service') ? ['get', ...FOLLOW, 'patch'] : ['get', ...FOLLOW]),
    ruleOf('/pods/log', ['get']),
    ruleOf('/services', FOLLOW),
    ruleOf('/services', KEEP, services),
    ruleOf('/serviceaccounts', KEEP, fixed),
    ruleOf('policy/poddisruptionbudgets', KEEP, fixed),
    // A Lease is made by a plain `create`, so that of two that take it first one does.
    ruleOf('coordination.k8s.io/leases', ['create']),
    ruleOf('coordination.k8s.io/leases', ['get', ...FOLLOW, 'update'], record),
    ...modes.flatMap((mode) => routeRules(mode, fixed)),
  ];
}

function routeRules(traffic: KubernetesSpec['traffic'], names: Names): readonly RoleRule[] {
  switch (traffic) {
    case 'gateway-api':
      return [
        ruleOf('gateway.networking.k8s.io/httproutes', FOLLOW),
        ruleOf('gateway.networking.k8s.io/httproutes', KEEP, names),
      ];
    case 'istio':
      return [
        ruleOf('networking.istio.io/virtualservices', FOLLOW),
        ruleOf('networking.istio.io/virtualservices,destinationrules', KEEP, names),
      ];
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
