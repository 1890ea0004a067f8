/** The split as an HTTPRoute of the Gateway API: weights, requests that ask for a release by header, copies of requests. */

import type { EnvironmentContext, RouteEffect } from '../../../delivery/index.ts';
import type { Json } from '../../../kernel/digest.ts';
import type { KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { ANNOTATIONS, environmentLabels, environmentName, releaseName } from '../names.ts';
import { appliedObject, kubernetesOf, SERVICE_PORT } from './applied-object.ts';
import { weightsOf } from './weights.ts';

/** The sum of the weights: a hundredth of a percent is told apart. */
export const WEIGHTS_TOTAL = 10_000;

/** RFC 9110 section 9.2.1: a copy of such a request changes nothing. */
export const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'] as const;

export function httpRoute(context: EnvironmentContext, effect: RouteEffect): KubernetesObject {
  const { gateway, hosts } = kubernetesOf(context);
  const identity = {
    kind: KINDS.httpRoute,
    name: environmentName(context.key),
    labels: environmentLabels(context.key),
    annotations: { [ANNOTATIONS.shares]: JSON.stringify(effect.shares) },
  };
  return appliedObject(context, identity, {
    spec: {
      parentRefs:
        gateway === null
          ? []
          : [{ name: gateway.name, ...(gateway.namespace === null ? {} : { namespace: gateway.namespace }) }],
      ...(hosts.length === 0 ? {} : { hostnames: hosts }),
      rules: rulesOf(context, effect),
    },
  });
}

function rulesOf(context: EnvironmentContext, { shares, match, mirror }: RouteEffect): readonly Json[] {
  const backendOf = (release: number): { readonly [field: string]: Json } => ({
    name: backendName(context, release),
    port: SERVICE_PORT,
  });
  const backendRefs = [...weightsOf(shares, WEIGHTS_TOTAL)].map(([release, weight]) => ({
    ...backendOf(release),
    weight,
  }));
  const rules: Json[] = [];
  const safe = mirror === null ? [] : SAFE_METHODS.map((method) => ({ method }));
  if (match !== null) {
    const headers = Object.entries(match.headers).map(([name, value]) => ({ type: 'Exact', name, value }));
    // A rule that names the method goes before one that names headers, so beside copies this one has to name both.
    const matches = [{ headers }, ...safe.map((method) => ({ ...method, headers }))];
    rules.push({ matches, backendRefs: [{ ...backendOf(match.release), weight: 1 }] });
  }
  if (mirror !== null) {
    const fraction = { numerator: Math.round(mirror.share * WEIGHTS_TOTAL), denominator: WEIGHTS_TOTAL };
    const filter = { type: 'RequestMirror', requestMirror: { backendRef: backendOf(mirror.release), fraction } };
    rules.push({ matches: safe, filters: [filter], backendRefs });
  }
  return [...rules, { backendRefs }];
}

/** The name of the Service of a release that an effect names. */
export function backendName({ key, releases }: Pick<EnvironmentContext, 'key' | 'releases'>, release: number): string {
  const found = releases[release];
  if (found === undefined) throw new Error(`${key} knows no release #${release}`);
  return releaseName(key, found);
}
