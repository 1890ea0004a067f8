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

export const FIELD_MANAGER = 'slipway';

/** Longest name of a Service (RFC 1035 label). */
const LONGEST_NAME = 63;

/** `greeter-production`: the name of everything that an environment has one of. */
export function environmentName(key: string): string {
  return shortened(key.replace('/', '-'), LONGEST_NAME);
}

/** `greeter-production-7-0a1b2c3d`: the name of everything that each release has one of. */
export function releaseName(key: string, { number, digest }: Pick<Release, 'number' | 'digest'>): string {
  const end = `-${number}-${hexOf(digest).slice(0, 8)}`;
  return `${shortened(key.replace('/', '-'), LONGEST_NAME - end.length)}${end}`;
}

/** The labels by which all objects of an environment are found. */
export function environmentLabels(key: string): Readonly<Record<string, string>> {
  const [service = '', environment = ''] = key.split('/');
  return { [LABELS.service]: service, [LABELS.environment]: environment };
}

/** A name that is too long keeps its beginning and gets digits of its hash, so that two of them stay apart. */
function shortened(name: string, longest: number): string {
  if (name.length <= longest) return name;
  return `${name.slice(0, longest - 9).replace(/-+$/, '')}-${hexOf(sha256(name)).slice(0, 8)}`;
}
