/**
 * Kubernetes: releases as Deployments, splits as routes, the engine's record in the cluster. It knows objects and what
 * they say; when something is to happen the engine decides.
 */

export type { KubernetesObject } from './cluster-client.ts';
export { leastRole, type RoleWish } from './least-role.ts';
export { manifestsOf } from './objects/index.ts';
