/** What the API server was asked, by whom: its own record, which no client can leave anything out of. */

import { readFileSync } from 'node:fs';

export interface AuditEvent {
  readonly user: string;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`. */
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string | null;
  readonly namespace: string | null;
  readonly name: string | null;
  /** With its query: `fieldManager`, `dryRun`. */
  readonly uri: string;
  /** The answer's status. */
  readonly code: number;
  /** When it was received, as the server writes it. */
  readonly at: string;
  /** What was sent, for writes of anything but ConfigMaps and Secrets; else `null`. */
  readonly sent: unknown;
}

export interface AuditFilter {
  readonly user?: string;
  readonly namespace?: string;
  readonly verbs?: readonly string[];
  readonly resources?: readonly string[];
}

/** Verbs that change something. */
export const WRITES: readonly string[] = ['create', 'update', 'patch', 'delete', 'deletecollection'];

interface Line {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestObject?: unknown;
  readonly requestReceivedTimestamp: string;
}

/** In the order in which the answers were complete. */
export function readAuditLog(path: string, filter: AuditFilter = {}): readonly AuditEvent[] {
  const { user, namespace, verbs, resources } = filter;
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}') && line.includes(namespace ?? '') && line.includes(user ?? ''))
    .map((line) => JSON.parse(line) as Line)
    .filter(({ stage }) => stage === 'ResponseComplete')
    .map(eventOf)
    .filter(
      (event) =>
        (user === undefined || event.user === user) &&
        (namespace === undefined || event.namespace === namespace) &&
        (verbs === undefined || verbs.includes(event.verb)) &&
        (resources === undefined || resources.includes(event.resource)),
    );
}

function eventOf({
  user,
  verb,
  objectRef,
  requestURI,
  responseStatus,
  requestReceivedTimestamp,
  requestObject,
}: Line): AuditEvent {
  return {
    user: user.username,
    verb,
    resource: objectRef?.resource ?? '',
    subresource: objectRef?.subresource ?? null,
    namespace: objectRef?.namespace ?? null,
    name: objectRef?.name ?? null,
    uri: requestURI,
    code: responseStatus?.code ?? 0,
    at: requestReceivedTimestamp,
    sent: requestObject ?? null,
  };
}
