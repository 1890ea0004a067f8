/** The kinds of objects that this folder makes or looks at. */

import type { ObjectKind } from './cluster-client.ts';

export const KINDS = {
  configMap: { apiVersion: 'v1', kind: 'ConfigMap' },
  deployment: { apiVersion: 'apps/v1', kind: 'Deployment' },
  destinationRule: { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule' },
  disruptionBudget: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
  httpRoute: { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
  lease: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
  pod: { apiVersion: 'v1', kind: 'Pod' },
  role: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' },
  roleBinding: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
  secret: { apiVersion: 'v1', kind: 'Secret' },
  service: { apiVersion: 'v1', kind: 'Service' },
  serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount' },
  virtualService: { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService' },
} as const satisfies Readonly<Record<string, ObjectKind>>;
