/** How the objects of an environment are called and labelled. Names are what a driver that takes over finds them by. */

import type { Release } from '../../delivery/index.ts';
import { hexOf, sha256 } from '../../kernel/digest.ts';

export const LABELS = {
  service: 'slipway.dev/service',
  environment: 'slipway.dev/environment',
  /** Number of the release, as text. */
  release: 'slipway.dev/release',
  /** `true` on pods that share the requests of a plain Service while a rollout mixes releases. */
  exposed: 'slipway.dev/exposed',
} as const;

export const ANNOTATIONS = {
  /** Digest of the release that an object was made for: its whole identity. */
  digest: 'slipway.dev/release-digest',
  /** On what splits requests: the shares as they were asked for, before they were rounded to weights. */
  shares: 'slipway.dev/shares',
} as const;

export const FIELD_MANAGER = 'slipway';

/** The container of a pod that is the service. */
export const CONTAINER = 'service';

/** The key in the Secret of a version under which the value lies. */
export const SECRET_KEY = 'value';

/** Longest name of a Service (RFC 1035 label). */
const LONGEST_NAME = 63;

/** `greeter-production`: the name of everything that an environment has one of. */
export function environmentName(key: string): string {
  return shortened(plainName(key), LONGEST_NAME);
}

/** `greeter-production-slipway`: what keeps the state of the environment and says who drives it. */
export function recordName(key: string): string {
  return `${shortened(plainName(key), LONGEST_NAME - 8)}-slipway`;
}

/** `greeter-production-pods`: the Service of all pods, of which Istio makes its subsets. */
export function subsetHost(key: string): string {
  return `${shortened(plainName(key), LONGEST_NAME - 5)}-pods`;
}

/** `greeter-production-database-url-0a1b2c3d4e5f`: the Secret that holds one version of a secret for good. */
export function secretName(key: string, name: string, version: string): string {
  const end = `-${hexOf(sha256(`${name}\0${version}`)).slice(0, 12)}`;
  const spoken = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `${shortened(`${plainName(key)}-${spoken || 'secret'}`, LONGEST_NAME - end.length)}${end}`;
}

/** `greeter-production-7-0a1b2c3d`: the name of everything that each release has one of. */
export function releaseName(key: string, { number, digest }: Pick<Release, 'number' | 'digest'>): string {
  const end = `-${number}-${hexOf(digest).slice(0, 8)}`;
  return `${shortened(plainName(key), LONGEST_NAME - end.length)}${end}`;
}

/** The labels by which all objects of an environment are found. */
export function environmentLabels(key: string): Readonly<Record<string, string>> {
  const [service = '', environment = ''] = key.split('/');
  return { [LABELS.service]: service, [LABELS.environment]: environment };
}

/** Labels of the objects and pods of one release, and the selector that finds them and no other release's. */
export function releaseLabels(key: string, release: number): Readonly<Record<string, string>> {
  return { ...environmentLabels(key), [LABELS.release]: String(release) };
}

/**
 * Where the environment's name has a hyphen of its own, the plain text could also be that of another pair
 * (`web/api-test` and `web-api/test`), and one would take over the other's objects: then it gets digits of its hash.
 */
function plainName(key: string): string {
  const [service = '', environment = ''] = key.split('/');
  const plain = `${service}-${environment}`;
  return environment.includes('-') ? `${plain}-${hexOf(sha256(key)).slice(0, 8)}` : plain;
}

/** A name that is too long keeps its beginning and gets digits of its hash, so that two of them stay apart. */
function shortened(name: string, longest: number): string {
  if (name.length <= longest) return name;
  return `${name.slice(0, longest - 9).replace(/-+$/, '')}-${hexOf(sha256(name)).slice(0, 8)}`;
}
