/**
 * What is applied to a cluster, as pure functions of what an environment and its releases say. The platform applies it,
 * `slipway manifests` prints it; so both are the same.
 */

import type { EnvironmentContext, Release, RouteEffect } from '../../../delivery/index.ts';
import type { KubernetesObject } from '../cluster-client.ts';
import { kubernetesOf, type ObjectsContext } from './applied-object.ts';
import { configMap } from './config-map.ts';
import { deployment } from './deployment.ts';
import { disruptionBudget } from './disruption-budget.ts';
import { httpRoute } from './http-route.ts';
import { callersService, releaseService, subsetService } from './service.ts';
import { serviceAccount } from './service-account.ts';
import { destinationRule, virtualService } from './virtual-service.ts';

export { deployment } from './deployment.ts';
export { whyNoImage } from './pulled-image.ts';
export { callersSelector } from './service.ts';
export { splitInRoute } from './split-in-route.ts';

/** What an environment has whatever runs in it, in the order in which it is to be applied. */
export function environmentObjects(context: ObjectsContext): readonly KubernetesObject[] {
  const { traffic } = kubernetesOf(context);
  const subsets = traffic === 'istio' ? [subsetService(context)] : [];
  return [serviceAccount(context), disruptionBudget(context), ...subsets];
}

/**
 * What a release needs to run, its Deployment last. All but the Deployment may be applied again at any time.
 *
 * @throws Fault `kubernetes/no-wasm-image`.
 */
export function releaseObjects(
  context: ObjectsContext,
  release: Release,
  replicas: number,
): readonly KubernetesObject[] {
  const backend = kubernetesOf(context).traffic === 'gateway-api' ? [releaseService(context, release)] : [];
  return [configMap(context, release), ...backend, deployment(context, release, replicas)];
}

/**
 * What splits the requests, in the order in which it is to be applied. With `traffic: service` the pods of the exposed
 * releases must have their label before, when there are several.
 */
export function routeObjects(context: EnvironmentContext, effect: RouteEffect): readonly KubernetesObject[] {
  const service = callersService(context, effect.shares);
  switch (kubernetesOf(context).traffic) {
    case 'gateway-api':
      return [httpRoute(context, effect), service];
    case 'istio':
      // The route names the Service as its host, and the subsets.
      return [destinationRule(context), service, virtualService(context, effect)];
    case 'service':
      return [service];
  }
}

/** All that is there of an environment when this release has every request, in the order in which it is applied. */
export function manifestsOf(context: EnvironmentContext, release: Release): readonly KubernetesObject[] {
  const { key, spec, releases } = context;
  const known = { key, spec, releases: { ...releases, [release.number]: release } };
  const everything: RouteEffect = {
    kind: 'route',
    shares: { [release.number]: 1 },
    rollout: null,
    affinity: spec.affinity,
    match: null,
    mirror: null,
  };
  return [
    ...environmentObjects(known),
    ...releaseObjects(known, release, spec.replicas),
    ...routeObjects(known, everything),
  ];
}
