/** Stands in for the controller of a Gateway: it says of each HTTPRoute of a namespace whether it is in force, after a while. */

import { systemClock } from '../../src/kernel/clock.ts';
import type { AdminClient, ApiObject, WatchedEvent } from './admin-client.ts';

export interface PlayedGateway {
  /** How long from now on a change of a route takes to be in force, in milliseconds; `Infinity`: it never is. */
  takes(delay: number): void;
  close(): void;
}

interface RouteSpec {
  readonly parentRefs?: readonly object[];
  readonly rules?: readonly { readonly backendRefs?: readonly { readonly name: string }[] }[];
}

interface RouteStatus {
  readonly parents?: readonly {
    readonly conditions: readonly { readonly observedGeneration?: number; readonly status: string }[];
  }[];
}

/** A Service that a route names may come after the route. */
const RETRY = 200;
const CONTROLLER = 'slipway.dev/played-gateway';

export function createPlayedGateway(client: AdminClient, namespace: string, initialDelay = 0): PlayedGateway {
  const routes = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`;
  const newest = new Map<string, number>();
  const ending = new AbortController();
  let delay = initialDelay;

  const missingBackend = async (route: ApiObject): Promise<string | null> => {
    const { rules = [] } = route['spec'] as RouteSpec;
    const names = new Set(rules.flatMap(({ backendRefs = [] }) => backendRefs.map(({ name }) => name)));
    for (const name of names) {
      const { status } = await client.ask('GET', `/api/v1/namespaces/${namespace}/services/${name}`);
      if (status === 404) return name;
    }
    return null;
  };

  const settle = async (route: ApiObject): Promise<void> => {
    const { name, generation = 0 } = route.metadata;
    const isNewest = (): boolean => newest.get(name) === generation && !ending.signal.aborted;
    await systemClock.sleep(delay, ending.signal);
    while (isNewest()) {
      const missing = await missingBackend(route);
      const status = { parents: parentsOf(route, missing) };
      const type = 'application/merge-patch+json';
      const answer = await client.ask('PATCH', `${routes}/${name}/status`, { content: { status }, type });
      if (answer.status === 404 || (answer.status === 200 && missing === null)) return;
      await systemClock.sleep(RETRY, ending.signal);
    }
  };

  const onRoute = ({ type, object: route }: WatchedEvent): void => {
    const { name, generation = 0 } = route.metadata;
    if (type === 'DELETED') newest.delete(name);
    else if (newest.get(name) !== generation) {
      newest.set(name, generation);
      if (delay !== Infinity && !isInForce(route)) void settle(route).catch(() => undefined);
    }
  };
  const followed = client.follow(routes, onRoute);
  return {
    takes: (milliseconds) => {
      delay = milliseconds;
    },
    close: () => {
      ending.abort();
      followed.close();
    },
  };
}

function parentsOf(route: ApiObject, missing: string | null): readonly object[] {
  const { parentRefs = [] } = route['spec'] as RouteSpec;
  const condition = (type: string, reason: string, message: string): object => ({
    type,
    status: message === '' ? 'True' : 'False',
    reason,
    message,
    observedGeneration: route.metadata.generation,
    lastTransitionTime: new Date(systemClock.wall()).toISOString(),
  });
  const resolved =
    missing === null
      ? condition('ResolvedRefs', 'ResolvedRefs', '')
      : condition('ResolvedRefs', 'BackendNotFound', `there is no Service ${missing}`);
  const conditions = [condition('Accepted', 'Accepted', ''), resolved];
  return parentRefs.map((parentRef) => ({ parentRef, controllerName: CONTROLLER, conditions }));
}

function isInForce(route: ApiObject): boolean {
  const { parents = [] } = (route['status'] ?? {}) as RouteStatus;
  return (
    parents.length > 0 &&
    parents.every(({ conditions }) =>
      conditions.every((one) => one.status === 'True' && one.observedGeneration === route.metadata.generation),
    )
  );
}
