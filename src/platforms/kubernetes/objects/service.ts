/** Services: the address that users call, and what a route sends requests to. */

import type { Release } from '../../../delivery/index.ts';
import type { KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { environmentLabels, environmentName, LABELS, releaseLabels, releaseName, subsetHost } from '../names.ts';
import { appliedObject, type ObjectsContext, SERVICE_PORT } from './applied-object.ts';
import { exposedIn, type Shares } from './weights.ts';

type Labels = Readonly<Record<string, string>>;

/** The label `release` of a selector that finds no pod: nothing is exposed. */
const NOBODY = 'none';

/**
 * Which pods the address of the environment leads to. Where a route splits the requests, this is for those who go around
 * it: they get the release with the largest share, never one that is only kept. Without a route it is the split itself:
 * one release by its number, which is an atomic switch; several by a label that their pods must have got before.
 */
export function callersSelector({ key, spec }: ObjectsContext, shares: Shares): Labels {
  const exposed = exposedIn(shares);
  const [largest] = exposed;
  if (largest === undefined) return { ...environmentLabels(key), [LABELS.release]: NOBODY };
  if (spec.kubernetes?.traffic === 'service' && exposed.length > 1) {
    return { ...environmentLabels(key), [LABELS.exposed]: 'true' };
  }
  return releaseLabels(key, largest);
}

/** `greeter-production`: what users call. */
export function callersService(context: ObjectsContext, shares: Shares): KubernetesObject {
  const name = environmentName(context.key);
  return service(context, { name, labels: environmentLabels(context.key), selector: callersSelector(context, shares) });
}

/** What an HTTPRoute sends the requests of one release to. */
export function releaseService(context: ObjectsContext, release: Release): KubernetesObject {
  const labels = releaseLabels(context.key, release.number);
  return service(context, { name: releaseName(context.key, release), labels, selector: labels });
}

/** All pods of the environment: what Istio takes its subsets from. Nobody is to call it. */
export function subsetService(context: ObjectsContext): KubernetesObject {
  const labels = environmentLabels(context.key);
  return service(context, { name: subsetHost(context.key), labels, selector: labels });
}

interface ServiceParts {
  readonly name: string;
  readonly labels: Labels;
  readonly selector: Labels;
}

function service(context: ObjectsContext, { name, labels, selector }: ServiceParts): KubernetesObject {
  return appliedObject(
    context,
    { kind: KINDS.service, name, labels },
    { spec: { selector, ports: [{ name: 'http', port: SERVICE_PORT, targetPort: 'http', protocol: 'TCP' }] } },
  );
}
