/** The split as Istio takes it: subsets by the release of the pods, and percents of the requests for each. */

import type { EnvironmentContext, RouteEffect } from '../../../delivery/index.ts';
import type { Json } from '../../../kernel/digest.ts';
import type { KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { ANNOTATIONS, environmentLabels, environmentName, LABELS, subsetHost } from '../names.ts';
import { appliedObject, kubernetesOf, SERVICE_PORT } from './applied-object.ts';
import { SAFE_METHODS } from './http-route.ts';
import { weightsOf } from './weights.ts';

/** The sum of the weights: older Istio takes nothing else. */
export const PERCENT_TOTAL = 100;

export function subsetName(release: number): string {
  return `release-${release}`;
}

/**
 * A subset for every release that an effect may name, so that it never has to change together with the split: it is
 * applied first, and no route ever names a subset that is not there yet or not there any more.
 */
export function destinationRule(context: EnvironmentContext): KubernetesObject {
  const { key, releases } = context;
  const numbers = Object.keys(releases)
    .map(Number)
    .toSorted((a, b) => a - b);
  return appliedObject(
    context,
    { kind: KINDS.destinationRule, name: environmentName(key), labels: environmentLabels(key) },
    {
      spec: {
        host: subsetHost(key),
        subsets: numbers.map((number) => ({ name: subsetName(number), labels: { [LABELS.release]: String(number) } })),
      },
    },
  );
}

export function virtualService(context: EnvironmentContext, effect: RouteEffect): KubernetesObject {
  const { key } = context;
  const identity = {
    kind: KINDS.virtualService,
    name: environmentName(key),
    labels: environmentLabels(key),
    annotations: { [ANNOTATIONS.shares]: JSON.stringify(effect.shares) },
  };
  return appliedObject(context, identity, { spec: { ...placeOf(context), http: rulesOf(context, effect) } });
}

/** Where it holds. The host `*` is for gateways alone: in the mesh it would catch the requests to everything else. */
function placeOf(context: EnvironmentContext): Readonly<Record<string, Json>> {
  const { gateway, hosts } = kubernetesOf(context);
  const name = environmentName(context.key);
  if (gateway === null) return { hosts: [name, ...hosts] };
  const entry = gateway.namespace === null ? gateway.name : `${gateway.namespace}/${gateway.name}`;
  return hosts.length === 0
    ? { gateways: [entry], hosts: ['*'] }
    : { gateways: [entry, 'mesh'], hosts: [name, ...hosts] };
}

function rulesOf({ key }: EnvironmentContext, { shares, match, mirror }: RouteEffect): readonly Json[] {
  const destinationOf = (release: number): { readonly [field: string]: Json } => ({
    host: subsetHost(key),
    subset: subsetName(release),
    port: { number: SERVICE_PORT },
  });
  const weights = [...weightsOf(shares, PERCENT_TOTAL)];
  // Without a destination there is nothing that a rule could say but that there is none.
  const answer: Readonly<Record<string, Json>> =
    weights.length === 0
      ? { directResponse: { status: 503 } }
      : { route: weights.map(([release, weight]) => ({ destination: destinationOf(release), weight })) };
  const rules: Json[] = [];
  if (match !== null) {
    const headers = Object.fromEntries(
      Object.entries(match.headers).map(([name, value]) => [name.toLowerCase(), { exact: value }]),
    );
    rules.push({ match: [{ headers }], route: [{ destination: destinationOf(match.release), weight: PERCENT_TOTAL }] });
  }
  if (mirror !== null && weights.length > 0) {
    rules.push({
      match: [{ method: { regex: SAFE_METHODS.join('|') } }],
      ...answer,
      mirror: destinationOf(mirror.release),
      mirrorPercentage: { value: mirror.share * 100 },
    });
  }
  return [...rules, answer];
}
