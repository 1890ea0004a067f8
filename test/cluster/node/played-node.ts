/**
 * A node whose pods are played: it registers itself, keeps its Lease, and tells of every pod that the scheduler gives it
 * what a kubelet would tell. Nothing runs in them.
 */

import { systemClock } from '../../../src/kernel/clock.ts';
import type { AdminClient, ApiObject, WatchedEvent } from '../admin-client.ts';
import { behaviourOf, type PodBehaviour, type PodRule, ruleFor, rulesIn, RULES_LABEL } from './pod-behaviour.ts';
import { momentOf, type PodLife, type PodMoment } from './pod-moment.ts';
import { podStatus } from './pod-status.ts';

export interface PlayedNodeOptions {
  readonly client: AdminClient;
  readonly name: string;
  /** Milliseconds until a pod is ready that nothing else is said of. */
  readonly startsIn: number;
}

export interface PlayedNode {
  /** What a container has said; `null`: there is no such pod here. */
  logsOf(namespace: string, pod: string): readonly string[] | null;
  close(): void;
}

interface Actor {
  pod: ApiObject;
  life: PodLife;
  /** What the life goes by; another one starts `since` anew. */
  script: string;
  /** What was last written. */
  told: string;
  busy: boolean;
  again: boolean;
  ending: boolean;
  timer: NodeJS.Timeout | undefined;
}

const STRATEGIC = 'application/strategic-merge-patch+json';
/** After a write that failed: the server may be away. */
const RETRY = 200;

export function createPlayedNode({ client, name, startsIn }: PlayedNodeOptions): PlayedNode {
  const byDefault: PodBehaviour = { startsIn, waits: null, crashes: null, stopsIn: 20, logs: [] };
  const actors = new Map<string, Actor>();
  const rules = new Map<string, readonly PodRule[]>();
  let addresses = 1;

  const rulesOf = ({ metadata }: ApiObject): readonly PodRule[] => rules.get(metadata.namespace ?? '') ?? [];
  const behaviour = ({ pod }: Actor): PodBehaviour => behaviourOf(pod, ruleFor(pod, rulesOf(pod)), byDefault);
  const address = (): string => {
    addresses += 1;
    return `10.244.${(addresses >> 8) & 255}.${addresses & 255}`;
  };

  /** A rule may let only the oldest pods get ready. */
  const momentNow = (actor: Actor): PodMoment => {
    const moment = momentOf(behaviour(actor), actor.life, systemClock.monotonic());
    const rule = ruleFor(actor.pod, rulesOf(actor.pod));
    const most = rule?.maxReady ?? Infinity;
    if (most === Infinity || !moment.ready) return moment;
    const older = [...actors.values()].filter(
      (other) =>
        !other.ending && other.life.begun < actor.life.begun && ruleFor(other.pod, rulesOf(other.pod)) === rule,
    );
    return older.length < most ? moment : { ...moment, ready: false };
  };

  const tell = async (actor: Actor): Promise<void> => {
    const does = behaviour(actor);
    const moment = momentNow(actor);
    clearTimeout(actor.timer);
    if (moment.until !== Infinity) {
      actor.timer = setTimeout(() => play(actor), Math.max(1, moment.until - systemClock.monotonic()));
    }
    const { until: _until, ...shown } = moment;
    const words = JSON.stringify([shown, does.waits, does.crashes]);
    if (words === actor.told) return;
    const time = new Date(systemClock.wall()).toISOString();
    const status = podStatus({ pod: actor.pod, behaviour: does, moment, address, time });
    const answer = await client.ask('PATCH', `${pathOf(actor.pod)}/status`, { content: { status }, type: STRATEGIC });
    if (answer.status === 200) actor.told = words;
    else if (answer.status !== 404) throw new Error(`status: ${answer.status}`);
  };

  const end = async (actor: Actor): Promise<void> => {
    const { pod } = actor;
    clearTimeout(actor.timer);
    const grace = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
    await systemClock.sleep(Math.min(behaviour(actor).stopsIn, grace));
    const preconditions = { uid: pod.metadata.uid };
    const content = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions };
    const { status } = await client.ask('DELETE', pathOf(pod), { content });
    // It may be gone, and another one may have its name.
    if (status !== 200 && status !== 404 && status !== 409) throw new Error(`delete: ${status}`);
  };

  /** One write at a time for one pod; what came meanwhile is looked at after it. */
  const play = (actor: Actor): void => {
    if (actor.busy) {
      actor.again = true;
      return;
    }
    actor.busy = true;
    actor.again = false;
    const written = actor.ending ? end(actor) : tell(actor);
    written
      .catch(() => {
        setTimeout(() => play(actor), RETRY);
      })
      .finally(() => {
        actor.busy = false;
        if (actor.again) play(actor);
      })
      .catch(() => undefined);
  };

  const playAllOf = (namespace: string): void => {
    for (const actor of actors.values()) {
      if (actor.pod.metadata.namespace !== namespace || actor.ending) continue;
      follow(actor);
      play(actor);
    }
  };

  /** Another behaviour begins now, with the restarts that there were. */
  const follow = (actor: Actor): void => {
    const { crashes, waits } = behaviour(actor);
    const script = JSON.stringify([crashes, waits]);
    if (script === actor.script) return;
    actor.script = script;
    const restarts = restartsIn(actor.pod);
    actor.life = { ...actor.life, since: systemClock.monotonic(), restarts };
  };

  const onPod = ({ type, object: pod }: WatchedEvent): void => {
    const { uid = '', namespace = '' } = pod.metadata;
    const known = actors.get(uid);
    if (type === 'DELETED') {
      clearTimeout(known?.timer);
      actors.delete(uid);
      playAllOf(namespace);
      return;
    }
    const actor = known ?? newActor(pod);
    actor.pod = pod;
    actors.set(uid, actor);
    if (pod.metadata.deletionTimestamp === undefined) follow(actor);
    else if (actor.ending) return;
    else actor.ending = true;
    play(actor);
  };

  const onRules = ({ type, object }: WatchedEvent): void => {
    const { namespace = '' } = object.metadata;
    rules.set(namespace, type === 'DELETED' ? [] : rulesIn(object));
    playAllOf(namespace);
  };

  const followed = [
    client.follow(`/api/v1/configmaps?labelSelector=${encodeURIComponent(RULES_LABEL)}`, onRules),
    client.follow(`/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${name}`)}`, onPod),
  ];
  return {
    logsOf(namespace, pod) {
      const actor = [...actors.values()].find(
        ({ pod: { metadata } }) => metadata.namespace === namespace && metadata.name === pod,
      );
      return actor === undefined ? null : behaviour(actor).logs;
    },
    close() {
      for (const { close } of followed) close();
      for (const { timer } of actors.values()) clearTimeout(timer);
    },
  };
}

/** One that was running before this node did is not started a second time. */
function newActor(pod: ApiObject): Actor {
  const { phase } = (pod['status'] ?? {}) as { phase?: string };
  const now = systemClock.monotonic();
  const life = { begun: phase === 'Running' ? -Infinity : now, since: now, restarts: restartsIn(pod) };
  return { pod, life, script: '', told: '', busy: false, again: false, ending: false, timer: undefined };
}

function restartsIn(pod: ApiObject): number {
  const { containerStatuses = [] } = (pod['status'] ?? {}) as { containerStatuses?: { restartCount: number }[] };
  return containerStatuses[0]?.restartCount ?? 0;
}

function pathOf({ metadata }: ApiObject): string {
  return `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
}
