/** What the API server says it was asked, in its own log. */

import { type AuditEvent, WRITES } from '../../test/cluster/audit-log.ts';
import type { Claims } from '../claims.ts';

/** `events`: all that the account of the demo has asked. */
export function checkLog(claims: Claims, events: readonly AuditEvent[], namespace: string): void {
  const refused = events.filter(({ code }) => code === 401 || code === 403);
  const elsewhere = events.filter((event) => event.namespace !== null && event.namespace !== namespace);
  claims.check(
    events.length > 0 && refused.length === 0 && elsewhere.length === 0,
    `the API server's log: ${events.length} requests with those rights, ${refused.length} refused, ${elsewhere.length} elsewhere`,
  );
  const written = events.filter(
    ({ verb, code, uri }) => WRITES.includes(verb) && code < 300 && !uri.includes('dryRun'),
  );
  const routes = written.filter(({ resource }) => resource === 'httproutes').map(weightsIn);
  const scaled = Map.groupBy(
    written.filter(({ resource }) => resource === 'deployments'),
    ({ name }) => name,
  );
  const sizes = [...scaled.values()].map((own) => own.map(replicasIn));
  const repeated = [routes, ...sizes].filter((values) => values.some((value, index) => value === values[index - 1]));
  claims.check(
    repeated.length === 0 && routes.length > 0 && sizes.length > 0,
    `the route was written ${routes.length} times, ${sizes.length} Deployments ${sizes.flat().length} times: nothing twice, also after the kill`,
  );
}

function weightsIn({ sent, verb }: AuditEvent): string {
  const { spec } = (sent ?? {}) as { readonly spec?: { readonly rules?: unknown } };
  return verb === 'delete' ? 'gone' : JSON.stringify(spec?.rules ?? null);
}

function replicasIn({ sent, verb }: AuditEvent): number {
  return verb === 'delete'
    ? 0
    : ((sent as { readonly spec?: { readonly replicas?: number } } | null)?.spec?.replicas ?? -1);
}
