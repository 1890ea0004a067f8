/** What a replica process is told: one JSON file, named by `SLIPWAY_REPLICA`. Read by hand, since the bundle is all we ship. */

import { Fault } from '../../../kernel/fault.ts';
import { LATENCY_EDGES_VARIABLE, MEMORY_VARIABLE, REQUEST_DEADLINE_VARIABLE } from '../../replica-variables.ts';

/** The environment variable that holds the path of the file. */
export const REPLICA_CONFIG_VARIABLE = 'SLIPWAY_REPLICA';

export interface ReplicaConfig {
  readonly listen: { readonly socket: string } | { readonly host: string; readonly port: number };
  /** Folder with `app.js` and `*.wasm`, as `prepareModule` makes it. */
  readonly transpiled: string;
  /**
   * What the service sees as its environment. When the file has none (in an image, where the user of the container sets
   * variables) it is our own, without what is there for Node and for us.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** Names of secrets and the files that hold their values: the service sees them as variables, too. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Whether each line of output gets the time in front. */
  readonly timestamps: boolean;
  /** The most that the service's memory may grow to, in bytes. */
  readonly memory: number;
  /** The longest that one request may run, in milliseconds. */
  readonly requestDeadline: number;
  /** Added to the process's priority as by nice(1); 0 leaves it. */
  readonly niceness: number;
  /** Who we are, told on request; `null` outside of a home. */
  readonly identity: ReplicaIdentity | null;
  /** Where it tells what it has counted; `null` in a home, where the router counts. */
  readonly metrics: ReplicaMetrics | null;
}

export interface ReplicaMetrics {
  readonly host: string;
  readonly port: number;
  /** File that outlives the process when a request makes it hang; `null`: nothing is kept. */
  readonly keep: string | null;
  /** Of the histogram, in milliseconds, rising: those of the file and those that the variable adds. */
  readonly edges: readonly number[];
}

export interface ReplicaIdentity {
  readonly service: string;
  readonly environment: string;
  readonly release: number;
  readonly replica: string;
}

const DEFAULT_MEMORY = 256 * 1024 * 1024;
const DEFAULT_DEADLINE = 30_000;

/** Variables that speak to the process, not to the service. */
const OURS = /^(SLIPWAY_|NODE_|PATH$|HOME$|HOSTNAME$|PWD$|SHLVL$|_$)/;

/** @throws Fault `replica/config` with the first member that is not as it should be. */
export function parseReplicaConfig(text: string, env: Readonly<Record<string, string | undefined>>): ReplicaConfig {
  const file = asObject(parseJson(text), 'the file');
  const environment =
    file['environment'] === undefined ? inherited(env) : asStrings(file['environment'], 'environment');
  return {
    listen: asAddress(file['listen']),
    transpiled: asText(file['transpiled'], 'transpiled'),
    environment,
    secrets: asStrings(file['secrets'] ?? {}, 'secrets'),
    timestamps: file['timestamps'] === true,
    memory: asNumber(file['memory'] ?? numberIn(env[MEMORY_VARIABLE]) ?? DEFAULT_MEMORY, 'memory', 65_536),
    requestDeadline: asNumber(
      file['requestDeadline'] ?? numberIn(env[REQUEST_DEADLINE_VARIABLE]) ?? DEFAULT_DEADLINE,
      'requestDeadline',
      1,
    ),
    niceness: asNumber(file['niceness'] ?? 0, 'niceness', 0),
    identity: file['identity'] === undefined ? null : asIdentity(file['identity']),
    metrics: file['metrics'] === undefined ? null : asMetrics(file['metrics'], env[LATENCY_EDGES_VARIABLE] ?? ''),
  };
}

function asMetrics(value: unknown, more: string): ReplicaMetrics | null {
  if (value === null) return null;
  const { host, port, keep, edges } = asObject(value, 'metrics');
  if (!Array.isArray(edges)) throw wrong('metrics.edges', 'a list');
  const named = more.split(',').filter((edge) => edge.trim() !== '');
  const all = [
    ...edges.map((edge: unknown) => asNumber(edge, 'an edge of metrics.edges', 1)),
    ...named.map((edge) => asNumber(Number(edge), `an edge of ${LATENCY_EDGES_VARIABLE}`, 1)),
  ];
  return {
    host: asText(host, 'metrics.host'),
    port: asNumber(port, 'metrics.port', 0),
    keep: keep === undefined ? null : asText(keep, 'metrics.keep'),
    edges: [...new Set(all)].sort((a, b) => a - b),
  };
}

function numberIn(variable: string | undefined): number | undefined {
  return variable === undefined ? undefined : Number(variable);
}

function inherited(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !OURS.test(name));
  return Object.fromEntries(kept.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong('the file', 'JSON');
  }
}

function asAddress(value: unknown): ReplicaConfig['listen'] {
  const { socket, host, port } = asObject(value, 'listen');
  if (socket !== undefined) return { socket: asText(socket, 'listen.socket') };
  return { host: asText(host, 'listen.host'), port: asNumber(port, 'listen.port', 0) };
}

function asIdentity(value: unknown): ReplicaIdentity {
  const { service, environment, release, replica } = asObject(value, 'identity');
  return {
    service: asText(service, 'identity.service'),
    environment: asText(environment, 'identity.environment'),
    release: asNumber(release, 'identity.release', 1),
    replica: asText(replica, 'identity.replica'),
  };
}

function asStrings(value: unknown, what: string): Record<string, string> {
  const pairs = Object.entries(asObject(value, what));
  return Object.fromEntries(pairs.map(([name, text]) => [name, asString(text, `${what}.${name}`)]));
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(what, 'an object');
}

function asString(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw wrong(what, 'a text');
}

function asText(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw wrong(what, 'a text that is not empty');
}

function asNumber(value: unknown, what: string, least: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  throw wrong(what, `a whole number of at least ${least}`);
}

export type ReplicaFaultCode =
  /** The configuration file is not what it should be. */
  | 'replica/config'
  /** What should be served is not a service that we can run. */
  | 'replica/not-a-service';

function wrong(what: string, expected: string): Fault<ReplicaFaultCode> {
  return new Fault({
    code: 'replica/config',
    kind: 'usage',
    message: `In the configuration of the replica ${what} must be ${expected}.`,
    hint: `Look at the file that ${REPLICA_CONFIG_VARIABLE} names.`,
  });
}
