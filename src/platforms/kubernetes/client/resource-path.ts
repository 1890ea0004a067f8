/** Where objects of a kind are found. A table in place of discovery: every kind that we use is known beforehand. */

import type { ObjectKind } from '../cluster-client.ts';

/** `apiVersion kind` → the name in paths. */
const PLURALS: Readonly<Record<string, string>> = {
  'v1 ConfigMap': 'configmaps',
  'v1 Event': 'events',
  'v1 Pod': 'pods',
  'v1 ResourceQuota': 'resourcequotas',
  'v1 Secret': 'secrets',
  'v1 Service': 'services',
  'v1 ServiceAccount': 'serviceaccounts',
  'apps/v1 Deployment': 'deployments',
  'apps/v1 ReplicaSet': 'replicasets',
  'coordination.k8s.io/v1 Lease': 'leases',
  'discovery.k8s.io/v1 EndpointSlice': 'endpointslices',
  'policy/v1 PodDisruptionBudget': 'poddisruptionbudgets',
  'rbac.authorization.k8s.io/v1 Role': 'roles',
  'rbac.authorization.k8s.io/v1 RoleBinding': 'rolebindings',
  'gateway.networking.k8s.io/v1 HTTPRoute': 'httproutes',
  'networking.istio.io/v1 DestinationRule': 'destinationrules',
  'networking.istio.io/v1 VirtualService': 'virtualservices',
};

/** `/apis/apps/v1/namespaces/shop/deployments`, and with a name that of the object. */
export function resourcePath({ apiVersion, kind }: ObjectKind, namespace: string, name?: string): string {
  const plural = PLURALS[`${apiVersion} ${kind}`];
  if (plural === undefined) throw new Error(`no path is known for ${apiVersion} ${kind}`);
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const objects = `${group}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
  return name === undefined ? objects : `${objects}/${encodeURIComponent(name)}`;
}
