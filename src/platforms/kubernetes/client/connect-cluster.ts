/** The client of one namespace of one cluster: the API server behind the port `ClusterClient`. */

import type { Clock } from '../../../kernel/clock.ts';
import { createRandom, randomIdentifier } from '../../../kernel/random.ts';
import type { ClusterClient, KubernetesObject, ObjectReference, WriteMode } from '../cluster-client.ts';
import type { ClusterTarget } from '../cluster-target.ts';
import { FIELD_MANAGER } from '../names.ts';
import { type Call, createApiCalls, type Limits } from './api-calls.ts';
import { createFollower, type Follower, type FollowTimes } from './followed-objects.ts';
import { readPodLog } from './pod-logs.ts';
import { resourcePath } from './resource-path.ts';

export interface ConnectOptions {
  readonly target: ClusterTarget;
  readonly clock: Clock;
  /** `KUBECONFIG` and `HOME` are read of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits?: Partial<Limits>;
  readonly times?: Partial<FollowTimes>;
}

const LIMITS: Limits = { answer: 10_000, patience: 5000 };
const TIMES: FollowTimes = { watch: 20_000, slack: 5000, firstPause: 100, longestPause: 2000 };

/**
 * Reads the kubeconfig; nothing is asked of the server yet.
 *
 * @throws Fault `kubernetes/kubeconfig`, `kubernetes/unknown-context`.
 */
export async function connectCluster({
  target,
  clock,
  environment,
  limits,
  times,
}: ConnectOptions): Promise<ClusterClient> {
  // It brings the library, which nobody needs who has no cluster.
  const { openKubeconfig } = await import('./kubeconfig.ts');
  const { namespace } = target;
  const access = () => openKubeconfig(target, environment);
  const calls = createApiCalls({ access, namespace, clock, limits: { ...LIMITS, ...limits } });
  const random = createRandom(Number.parseInt(randomIdentifier(8), 16));
  const followers = new Set<Follower>();

  return {
    namespace,
    async read(reference, signal) {
      const call = callOf('GET', { reference, namespace, verb: 'read' });
      const result = await calls.ask(call, signal);
      if (!('status' in result)) return JSON.parse(result.text) as KubernetesObject;
      // Only of an object does the server say that it is not there; of a kind that it does not know it says less.
      if (result.status.code === 404 && result.status.name === reference.name) return null;
      throw await calls.fault(result.status, call);
    },
    async write(object, mode, signal) {
      const call = writeOf(object, mode, namespace);
      const result = await calls.ask(call, signal);
      if ('status' in result) throw await calls.fault(result.status, call);
      const written = JSON.parse(result.text) as KubernetesObject;
      if (mode.dry !== true) for (const follower of followers) follower.learn(written);
      return written;
    },
    async remove(reference, signal) {
      const { uid } = reference;
      const body = {
        propagationPolicy: 'Background',
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      };
      const call: Call = {
        ...callOf('DELETE', { reference, namespace, verb: 'delete' }),
        body: { type: 'application/json', text: JSON.stringify(body) },
      };
      const result = await calls.ask(call, signal);
      if ('status' in result) {
        const { code, name } = result.status;
        const gone = (code === 404 && name === reference.name) || (code === 409 && uid !== undefined);
        if (gone) return false;
        throw await calls.fault(result.status, call);
      }
      const left = JSON.parse(result.text) as KubernetesObject;
      for (const follower of followers) forgetIn(follower, reference, left);
      return true;
    },
    follow(query) {
      const follower: Follower = createFollower({
        calls,
        namespace,
        query,
        clock,
        random,
        times: { ...TIMES, ...times },
        onClose: () => followers.delete(follower),
      });
      followers.add(follower);
      return follower;
    },
    logs: (pod, options) => readPodLog({ ...options, calls, namespace, pod }),
  };
}

interface CallParts {
  readonly reference: ObjectReference;
  readonly namespace: string;
  readonly verb: string;
}

function callOf(method: Call['method'], { reference, namespace, verb }: CallParts): Call {
  return {
    method,
    path: resourcePath(reference, namespace, reference.name),
    asked: { verb, what: `${reference.kind} ${reference.name}` },
    repeatable: true,
  };
}

const METHODS = {
  apply: { method: 'PATCH', type: 'application/apply-patch+yaml' },
  create: { method: 'POST', type: 'application/json' },
  replace: { method: 'PUT', type: 'application/json' },
  merge: { method: 'PATCH', type: 'application/merge-patch+json' },
} as const;

function writeOf(object: KubernetesObject, { kind, force = false, dry = false }: WriteMode, namespace: string): Call {
  const { method, type } = METHODS[kind];
  const { name, resourceVersion } = object.metadata;
  return {
    method,
    path: resourcePath(object, namespace, kind === 'create' ? undefined : name),
    query: {
      fieldManager: FIELD_MANAGER,
      fieldValidation: 'Strict',
      ...(kind === 'apply' ? { force: String(force) } : {}),
      ...(dry ? { dryRun: 'All' } : {}),
    },
    body: { type, text: JSON.stringify(object) },
    asked: { verb: kind === 'merge' ? 'change' : kind, what: `${object.kind} ${name}` },
    // Once it has been done, the version that it asks for is not the present one any more.
    repeatable: dry || ((kind === 'apply' || kind === 'merge') && resourceVersion === undefined),
    secrets: secretsIn(object),
  };
}

/** What the server might quote. */
function secretsIn(object: KubernetesObject): readonly string[] {
  if (object.kind !== 'Secret') return [];
  return [object['data'], object['stringData']].flatMap((part) => {
    const values = typeof part === 'object' && part !== null ? Object.values(part) : [];
    const texts = values.filter((value) => typeof value === 'string');
    return [...texts, ...texts.map((text) => Buffer.from(text, 'base64').toString('utf8'))];
  });
}

/** An object whose end waits for somebody (a finalizer) is there still. */
function forgetIn(
  follower: Follower,
  { apiVersion, kind, name, uid }: ObjectReference & { uid?: string },
  left: KubernetesObject,
): void {
  const { query } = follower;
  if (query.apiVersion !== apiVersion || query.kind !== kind) return;
  if (left.kind === kind) follower.learn(left);
  else follower.forget(name, uid ?? follower.objects().get(name)?.metadata.uid);
}
