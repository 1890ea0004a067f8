/** Brings a split into force, by whatever splits the requests of the environment. */

import type { RouteEffect } from '../../../delivery/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { kubernetesFault } from '../kubernetes-fault.ts';
import { LABELS } from '../names.ts';
import { routeObjects } from '../objects/index.ts';
import { fieldOf, textOf } from '../fields.ts';
import type { FollowedEnvironment } from '../observe/followed-environment.ts';
import { refusalOfRoute } from '../observe/seen-traffic.ts';
import { applyObjects, type WantedObject, withLive } from './apply-objects.ts';
import { exposePods } from './expose-pods.ts';
import type { Place } from './scale-release.ts';

/** How long a Gateway may take to take a route over before we say that it did not. It goes on being wanted. */
const LONGEST_WAIT = 4000;

export interface RouteOrder {
  readonly effect: RouteEffect;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

/** @throws Fault `kubernetes/route-not-in-force` when a Gateway does not take it over in time. */
export async function routeRequests(
  { followed, context }: Place,
  { effect, clock, signal }: RouteOrder,
): Promise<void> {
  const exposed = new Set(
    Object.entries(effect.shares)
      .filter(([, share]) => share > 0)
      .map(([release]) => Number(release)),
  );
  const objects = routeObjects(context, effect);
  const wanted = await Promise.all(objects.map((object) => seen(followed, object, signal)));
  // Nothing is exposed where there is nothing, and a removed environment is not made anew to say so.
  if (exposed.size === 0 && wanted.every(({ live }) => live === null)) return;
  if (selects(objects, LABELS.exposed)) await exposePods(followed, exposed, signal);
  await applyObjects(followed.client, wanted, signal);
  if (followed.traffic === 'gateway-api') await untilInForce(followed, { clock, signal });
}

function selects(objects: readonly KubernetesObject[], label: string): boolean {
  return objects.some((object) => textOf(fieldOf(object['spec'], 'selector'), label) !== '');
}

async function seen(
  followed: FollowedEnvironment,
  object: KubernetesObject,
  signal: AbortSignal | undefined,
): Promise<WantedObject> {
  switch (object.kind) {
    case KINDS.service.kind:
      return { object, live: followed.services().get(object.metadata.name) ?? null };
    case KINDS.httpRoute.kind:
    case KINDS.virtualService.kind:
      return { object, live: followed.route() ?? null };
    default:
      return withLive(followed.client, object, signal);
  }
}

async function untilInForce(
  followed: FollowedEnvironment,
  { clock, signal }: Pick<RouteOrder, 'clock' | 'signal'>,
): Promise<void> {
  const refusal = (): string | null => {
    const route = followed.route();
    return route === undefined ? 'it is not there any more' : refusalOfRoute(route);
  };
  const over = new AbortController();
  const leave = (): void => over.abort();
  const inForce = new Promise<void>((resolve) => {
    const look = (): void => {
      if (refusal() === null) resolve();
    };
    const end = followed.onChange(look);
    over.signal.addEventListener('abort', end, { once: true });
    look();
  });
  signal?.addEventListener('abort', leave, { once: true });
  try {
    await Promise.race([inForce, clock.sleep(LONGEST_WAIT, over.signal).catch(() => undefined)]);
  } finally {
    over.abort();
    signal?.removeEventListener('abort', leave);
  }
  signal?.throwIfAborted();
  const why = refusal();
  if (why === null) return;
  throw kubernetesFault({
    code: 'kubernetes/route-not-in-force',
    kind: 'unreachable',
    message: `The split is written, but not in force: ${why}.`,
    hint: 'Look at the status of the HTTPRoute (kubectl describe httproute) and at the Gateway that it names.',
    retryable: true,
  });
}
