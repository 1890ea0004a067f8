/** The Lease of an environment as an object of the API server, and back. Pure. */

import type { KubernetesObject } from './cluster-client.ts';
import { fieldOf, numberOf, textOf } from './fields.ts';
import { KINDS } from './kinds.ts';
import { environmentLabels, recordName } from './names.ts';

export interface LeaseState {
  /** Identity of who drives; `null`: nobody. */
  readonly holder: string | null;
  /** How long it counts after a renewal, in milliseconds. */
  readonly duration: number;
  /** Wall times of the holder's machine: for people, and to tell one renewal from the next. */
  readonly acquired: number;
  readonly renewed: number;
  /** How often it has gone from one to another. */
  readonly transitions: number;
  /** Identity of who wants to drive next. */
  readonly wish: string | null;
  /** As it was read; `null`: there is none yet. */
  readonly object: KubernetesObject | null;
}

const WISH = 'slipway.dev/wanted-by';

/** Who we are to others that may drive. */
export interface Driver {
  /** For people: `ana@laptop`. */
  readonly name: string;
  /** Of the home, as which only one process at a time may drive. */
  readonly home: string;
  readonly pid: number;
}

/** `ana@laptop/1f0c22ab/4711`. */
export function identityOf({ name, home, pid }: Driver): string {
  return `${name}/${home}/${pid}`;
}

/** Who it is, for people. */
export function nameIn(identity: string): string {
  return identity.split('/')[0] ?? identity;
}

export function homeIn(identity: string): string | undefined {
  return identity.split('/').at(-2);
}

/** Labels and annotations that others have put there stay. */
export function leaseObject(key: string, state: LeaseState): KubernetesObject {
  const { resourceVersion, labels, annotations } = state.object?.metadata ?? {};
  const { [WISH]: _, ...others } = annotations ?? {};
  return {
    ...KINDS.lease,
    metadata: {
      name: recordName(key),
      labels: { ...labels, ...environmentLabels(key) },
      annotations: { ...others, ...(state.wish === null ? {} : { [WISH]: state.wish }) },
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    spec: {
      ...(state.holder === null ? {} : { holderIdentity: state.holder }),
      leaseDurationSeconds: Math.max(1, Math.ceil(state.duration / 1000)),
      acquireTime: microTime(state.acquired),
      renewTime: microTime(state.renewed),
      leaseTransitions: state.transitions,
    },
  };
}

export function readLease(object: KubernetesObject): LeaseState {
  const seconds = fieldOf(object, 'spec', 'leaseDurationSeconds');
  return {
    holder: textOf(object, 'spec', 'holderIdentity') || null,
    duration: (typeof seconds === 'number' ? seconds : 15) * 1000,
    acquired: timeIn(textOf(object, 'spec', 'acquireTime')),
    renewed: timeIn(textOf(object, 'spec', 'renewTime')),
    transitions: numberOf(object, 'spec', 'leaseTransitions'),
    wish: object.metadata.annotations?.[WISH] ?? null,
    object,
  };
}

/** RFC 3339 with microseconds, as the API server insists on. */
function microTime(wall: number): string {
  return new Date(wall).toISOString().replace('Z', '000Z');
}

function timeIn(text: string): number {
  const time = Date.parse(text);
  return Number.isNaN(time) ? 0 : time;
}
