/**
 * Keeps the wanted number of replicas of one release running. Level-triggered: `reconcile` looks at what is there and
 * does the next thing; called again it does the next one, and nothing when all is as wanted.
 */

import type { ReleaseStatus } from '../../../delivery/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { Fault, messageOf } from '../../../kernel/fault.ts';
import { formatDuration, formatSize } from '../../../kernel/quantity.ts';
import { reasonOf } from '../preflight.ts';
import { residentMemory } from './processes.ts';
import type { ReplicaProcess } from './replica-process.ts';
import { crashLoopOf, SETTLED_AFTER, type Vacancy, vacate } from './restart-policy.ts';

/** How long a replica may take to become ready. */
const START_LIMIT = 20_000;
/** How long a replica may take to end after SIGTERM, before it gets SIGKILL. */
const TERM_GRACE = 2000;
/** How long after the longest possible request a drained replica is ended even with requests in flight. */
const DRAIN_GRACE = 1000;
/** What the host program may use besides the linear memory of the module, in bytes. */
const HOST_MEMORY = 256 * 1024 * 1024;

/** What the router says about the replicas. */
export interface ReplicaTrafficView {
  /** Whether the table in force sends requests to it. */
  routed(id: string): boolean;
  /** Requests in flight; `null` when that is not known. */
  inFlight(id: string): number | null;
  /** It let a request pass its deadline. */
  suspect(id: string): boolean;
}

export interface ReleaseSupervisorOptions {
  readonly release: number;
  readonly clock: Clock;
  readonly limits: () => { readonly memory: number; readonly request: number };
  /** Starts a replica; `null` while its module is not there yet. Throws when it can't be started. */
  readonly start: (attempt: number) => ReplicaProcess | null;
  readonly onRestart: () => void;
}

export interface ReleaseSupervisor {
  readonly release: number;
  want(replicas: number): void;
  adopt(replica: ReplicaProcess): void;
  reconcile(traffic: ReplicaTrafficView): void;
  /** Those that should get requests. */
  ready(): readonly ReplicaProcess[];
  all(): readonly ReplicaProcess[];
  status(restarts: number): Omit<ReleaseStatus, 'inFlight'>;
  /** Something is under way that another look will move on. */
  busy(): boolean;
}

export function createReleaseSupervisor(options: ReleaseSupervisorOptions): ReleaseSupervisor {
  const { release, clock, limits, start, onRestart } = options;
  let desired = 0;
  let replicas: ReplicaProcess[] = [];
  let vacancies: Vacancy[] = [];
  /** Of the present row of early endings. */
  let firstEnding = 0;
  let failure: string | null = null;

  const enter = (replica: ReplicaProcess, phase: ReplicaProcess['phase']): void => {
    replica.phase = phase;
    replica.since = clock.monotonic();
  };
  const dismiss = (replica: ReplicaProcess): void => {
    replica.wanted = true;
    if (replica.phase === 'ready') return enter(replica, 'draining');
    enter(replica, 'ending');
    replica.signal('SIGTERM');
  };
  const kill = (replica: ReplicaProcess, blame: string): void => {
    replica.blame ??= blame;
    if (replica.phase !== 'ending') enter(replica, 'ending');
    replica.signal('SIGKILL');
  };

  const mourn = (replica: ReplicaProcess, how: string): void => {
    replicas = replicas.filter((other) => other !== replica);
    replica.cleanUp();
    if (replica.wanted) return;
    const now = clock.monotonic();
    const readyFor = replica.readyAt === null ? 0 : now - replica.readyAt;
    const vacancy = vacate({ at: now, attempt: replica.attempt, readyFor });
    if (vacancy.attempt <= 1) firstEnding = now;
    vacancies.push(vacancy);
    onRestart();
    failure = crashLoopOf({ attempt: vacancy.attempt, last: how, since: now - firstEnding }) ?? failure;
  };

  const look = (replica: ReplicaProcess, traffic: ReplicaTrafficView): void => {
    const how = replica.ending();
    if (how !== null) return mourn(replica, how);
    const age = clock.monotonic() - replica.since;
    switch (replica.phase) {
      case 'starting':
        if (age < START_LIMIT) return;
        failure = `a replica was not ready within ${formatDuration(START_LIMIT)}`;
        return kill(replica, `was not ready within ${formatDuration(START_LIMIT)}`);
      case 'ready':
        // A replica that has been ready for long shows that the release can be.
        if (age >= SETTLED_AFTER && vacancies.length === 0) failure = null;
        return inspect(replica, traffic);
      case 'draining': {
        const over = !traffic.routed(replica.id) && traffic.inFlight(replica.id) === 0;
        if (!over && age < limits().request + DRAIN_GRACE) return;
        enter(replica, 'ending');
        return replica.signal('SIGTERM');
      }
      case 'ending':
        if (age >= TERM_GRACE) replica.signal('SIGKILL');
    }
  };
  /** Ends a replica that hangs or has outgrown its bounds. */
  const inspect = (replica: ReplicaProcess, traffic: ReplicaTrafficView): void => {
    if (traffic.suspect(replica.id)) {
      return kill(replica, `was ended because it did not answer a request within ${formatDuration(limits().request)}`);
    }
    const used = residentMemory(replica.pid());
    const bound = limits().memory + HOST_MEMORY;
    if (used > bound)
      kill(replica, `was ended because it used ${formatSize(used)} of memory (${formatSize(bound)} allowed)`);
  };

  const fill = (): void => {
    const serving = replicas.filter(({ phase }) => phase === 'starting' || phase === 'ready');
    const surplus = serving.length - desired;
    if (surplus > 0) {
      vacancies = [];
      // Those that are not ready yet go first, then the youngest.
      const order = [...serving].sort((one, other) => rank(one) - rank(other) || other.since - one.since);
      for (const replica of order.slice(0, surplus)) dismiss(replica);
      return;
    }
    vacancies = vacancies.slice(0, Math.max(0, -surplus));
    for (let missing = -surplus; missing > 0; missing -= 1) {
      const vacancy = vacancies[0];
      if (vacancy !== undefined && vacancy.notBefore > clock.monotonic()) return;
      if (!launch(vacancy?.attempt ?? 0)) return;
      vacancies.shift();
    }
  };
  const launch = (attempt: number): boolean => {
    try {
      const replica = start(attempt);
      if (replica !== null) replicas.push(replica);
      return replica !== null;
    } catch (error) {
      failure = error instanceof Fault ? reasonOf(error) : messageOf(error);
      vacancies = [vacate({ at: clock.monotonic(), attempt, readyFor: 0 }), ...vacancies.slice(1)];
      return false;
    }
  };

  return {
    release,
    want(count) {
      if (count > desired || count === 0) failure = null;
      desired = count;
    },
    adopt: (replica) => void replicas.push(replica),
    reconcile(traffic) {
      for (const replica of replicas) look(replica, traffic);
      fill();
    },
    ready: () => replicas.filter(({ phase }) => phase === 'ready'),
    all: () => replicas,
    status: (restarts) => ({
      desired,
      ready: replicas.filter(({ phase }) => phase === 'ready').length,
      restarts,
      failure,
    }),
    busy: () => vacancies.length > 0 || replicas.some(({ phase }) => phase !== 'ready') || replicas.length !== desired,
  };
}

function rank({ phase }: ReplicaProcess): number {
  return phase === 'starting' ? 0 : 1;
}
