/** The other way round: which split a route on the cluster stands for, by what it says itself. */

import type { EnvironmentContext } from '../../../delivery/index.ts';
import type { KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { ANNOTATIONS } from '../names.ts';
import { fieldOf, listOf, numberOf, textOf } from '../fields.ts';
import { backendName, WEIGHTS_TOTAL } from './http-route.ts';
import { PERCENT_TOTAL, subsetName } from './virtual-service.ts';
import { type Shares, weightsOf } from './weights.ts';

/**
 * The shares of an HTTPRoute or a VirtualService. Whole weights can't say every share, so what was asked for stands in an
 * annotation; it counts only while the weights are the ones that follow from it. `null`: it sends requests to something
 * that is no release of this environment, so the split is unknown.
 */
export function splitInRoute(context: EnvironmentContext, route: KubernetesObject): Shares | null {
  const isHttpRoute = route.kind === KINDS.httpRoute.kind;
  const weights = weightsIn(context, isHttpRoute ? httpRouteTargets(route) : virtualServiceTargets(route), isHttpRoute);
  if (weights === null) return null;
  const asked = askedShares(route.metadata.annotations?.[ANNOTATIONS.shares]);
  if (asked !== null && sameWeights(weightsOf(asked, isHttpRoute ? WEIGHTS_TOTAL : PERCENT_TOTAL), weights)) {
    return asked;
  }
  const sum = weights.values().reduce((all, weight) => all + weight, 0);
  return Object.fromEntries(weights.entries().map(([release, weight]) => [release, weight / sum]));
}

interface Target {
  readonly name: string;
  readonly weight: number;
}

function weightsIn(
  context: EnvironmentContext,
  targets: readonly Target[],
  isHttpRoute: boolean,
): ReadonlyMap<number, number> | null {
  const numbers = Object.keys(context.releases).map(Number);
  const nameOf = (release: number): string => (isHttpRoute ? backendName(context, release) : subsetName(release));
  const byName = new Map(numbers.map((release) => [nameOf(release), release]));
  const weights = new Map<number, number>();
  for (const { name, weight } of targets) {
    if (weight === 0) continue;
    const release = byName.get(name);
    if (release === undefined) return null;
    weights.set(release, (weights.get(release) ?? 0) + weight);
  }
  return weights;
}

/** The last rule is the one for all requests that no other rule takes. */
function httpRouteTargets(route: KubernetesObject): readonly Target[] {
  const backends = listOf(listOf(route['spec'], 'rules').at(-1), 'backendRefs');
  return backends.map((backend) => ({ name: textOf(backend, 'name'), weight: numberOf(backend, 'weight') }));
}

function virtualServiceTargets(route: KubernetesObject): readonly Target[] {
  const targets = listOf(listOf(route['spec'], 'http').at(-1), 'route');
  return targets.map((target) => ({
    name: textOf(target, 'destination', 'subset'),
    // A lone destination without a weight gets everything.
    weight:
      targets.length === 1 && fieldOf(target, 'weight') === undefined ? PERCENT_TOTAL : numberOf(target, 'weight'),
  }));
}

function askedShares(written: string | undefined): Shares | null {
  if (written === undefined) return null;
  try {
    const parsed: unknown = JSON.parse(written);
    if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) return null;
    const entries = Object.entries(parsed).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
    return Object.fromEntries(entries);
  } catch {
    return null;
  }
}

function sameWeights(one: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>): boolean {
  return one.size === other.size && [...one].every(([release, weight]) => other.get(release) === weight);
}
