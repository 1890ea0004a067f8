/**
 * Kubernetes: releases as Deployments, splits as routes, the engine's record in the cluster. It knows objects and what
 * they say; when something is to happen the engine decides.
 */

export { connectCluster, type ConnectOptions } from './client/index.ts';
export { openClusterBook } from './cluster-book.ts';
export { type ClusterPlaces, createClusterPlaces } from './cluster-places.ts';
export { createClusterSecretStore } from './cluster-secret-store.ts';
export { driverOf } from './own-driver.ts';
export { pinTarget } from './pinned-target.ts';
export { type PodLine, type PodOutputQuery, readPodOutput } from './pod-output.ts';
export { createPrometheusSource } from './prometheus/index.ts';
export { userAddress } from './user-address.ts';
export type { ClusterClient, KubernetesObject } from './cluster-client.ts';
export {
  createKubernetesPlatform,
  type KubernetesPlatform,
  type KubernetesPlatformOptions,
} from './kubernetes-platform.ts';
export { leastRole, type RoleWish } from './least-role.ts';
export { manifestsOf } from './objects/index.ts';
