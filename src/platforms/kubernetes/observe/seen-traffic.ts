/** Which split requests get now, as far as the objects on the cluster say so. */

import type { EnvironmentContext, Observation } from '../../../delivery/index.ts';
import type { KubernetesObject } from '../cluster-client.ts';
import { splitInRoute } from '../objects/index.ts';
import { LABELS } from '../names.ts';
import { conditionOf, fieldOf, listOf, numberOf, textOf } from '../fields.ts';
import { isGoing, isReady, releaseOf } from './release-status.ts';

type Traffic = Observation['traffic'];

/**
 * Of an HTTPRoute. A Gateway says of each generation of a route whether it has taken it over: until it has, nobody knows
 * what requests get.
 */
export function httpRouteTraffic(context: EnvironmentContext, route: KubernetesObject | undefined): Traffic {
  if (route === undefined) return {};
  return refusalOfRoute(route) === null ? splitInRoute(context, route) : null;
}

/** Of a VirtualService. Istio tells nowhere what its proxies have taken over: what is written is all that can be seen. */
export function virtualServiceTraffic(context: EnvironmentContext, route: KubernetesObject | undefined): Traffic {
  return route === undefined ? {} : splitInRoute(context, route);
}

/** Of a plain Service: one release by its number, or those whose ready pods carry the label, each with its share of them. */
export function serviceTraffic(service: KubernetesObject | undefined, pods: readonly KubernetesObject[]): Traffic {
  const selector = fieldOf(service?.['spec'], 'selector');
  const release = Number(textOf(selector, LABELS.release));
  if (Number.isSafeInteger(release) && release > 0) return { [release]: 1 };
  // Nobody, or a selector that somebody else wrote: no release of ours gets anything that way.
  if (textOf(selector, LABELS.exposed) !== 'true') return {};
  const counts = new Map<number, number>();
  for (const pod of pods.filter((one) => isExposed(one) && isReady(one))) {
    const of = releaseOf(pod);
    if (of !== null) counts.set(of, (counts.get(of) ?? 0) + 1);
  }
  const total = counts.values().reduce((sum, count) => sum + count, 0);
  // With none the Service leads nowhere, which is known: the split has to be said again.
  return Object.fromEntries(counts.entries().map(([of, count]) => [of, count / total]));
}

export function isExposed(pod: KubernetesObject): boolean {
  return !isGoing(pod) && pod.metadata.labels?.[LABELS.exposed] === 'true';
}

/** Why an HTTPRoute is not in force as it is now, in the words of its Gateway; `null`: it is. */
export function refusalOfRoute(route: KubernetesObject): string | null {
  const parents = listOf(route['status'], 'parents');
  if (parents.length < listOf(route['spec'], 'parentRefs').length) return 'no Gateway has taken it over yet';
  for (const parent of parents) {
    for (const type of ['Accepted', 'ResolvedRefs']) {
      const condition = conditionOf(listOf(parent, 'conditions'), type);
      const present = numberOf(condition, 'observedGeneration') === route.metadata.generation;
      if (condition === undefined || !present) return 'its Gateway has not taken over the last change yet';
      if (textOf(condition, 'status') !== 'True') {
        return `its Gateway says ${textOf(condition, 'reason')}: ${textOf(condition, 'message')}`;
      }
    }
  }
  return null;
}
