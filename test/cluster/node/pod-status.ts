/** The status of a pod as a kubelet would write it. */

import type { ApiObject } from '../admin-client.ts';
import type { PodBehaviour } from './pod-behaviour.ts';
import type { PodMoment } from './pod-moment.ts';

interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly lastTransitionTime: string;
}

interface PodStatus {
  readonly startTime?: string;
  readonly podIP?: string;
  readonly conditions?: readonly Condition[];
}

export interface StatusOptions {
  readonly pod: ApiObject;
  readonly behaviour: PodBehaviour;
  readonly moment: PodMoment;
  /** Address of the pod, unless it has one. */
  readonly address: () => string;
  /** Now, as the API writes it. */
  readonly time: string;
}

/** For a strategic merge patch of the subresource `status`. */
export function podStatus({ pod, behaviour, moment, address, time }: StatusOptions): object {
  const { containers } = pod['spec'] as { containers: readonly { name: string; image: string }[] };
  const before = (pod['status'] ?? {}) as PodStatus;
  const podIP = before.podIP ?? address();
  const conditions = {
    PodReadyToStartContainers: true,
    Initialized: true,
    ContainersReady: moment.ready,
    Ready: moment.ready,
  };
  return {
    phase: moment.state === 'waiting' ? 'Pending' : 'Running',
    startTime: before.startTime ?? time,
    hostIP: '127.0.0.1',
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: Object.entries(conditions).map(([type, holds]) => conditionOf(type, holds, before, time)),
    containerStatuses: containers.map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      containerID: `played://${pod.metadata.uid}/${name}/${moment.restarts}`,
      ready: moment.ready,
      started: moment.state === 'running',
      restartCount: moment.restarts,
      ...containerState({ behaviour, moment, time }),
    })),
  };
}

function conditionOf(type: string, holds: boolean, { conditions = [] }: PodStatus, time: string): Condition & object {
  const status = holds ? 'True' : 'False';
  const before = conditions.find((condition) => condition.type === type);
  const reason = holds || type.startsWith('Pod') ? {} : { reason: 'ContainersNotReady' };
  return { type, status, ...reason, lastTransitionTime: before?.status === status ? before.lastTransitionTime : time };
}

function containerState({ behaviour, moment, time }: Pick<StatusOptions, 'behaviour' | 'moment' | 'time'>): object {
  const { crashes, waits } = behaviour;
  const ended = {
    terminated: {
      exitCode: crashes?.code ?? 0,
      reason: crashes?.code === 0 ? 'Completed' : 'Error',
      message: crashes?.lastWords ?? '',
      startedAt: time,
      finishedAt: time,
    },
  };
  const last = crashes !== null && (moment.restarts > 0 || moment.state === 'crashed') ? { lastState: ended } : {};
  switch (moment.state) {
    case 'running':
      return { state: { running: { startedAt: time } }, ...last };
    case 'waiting':
      return { state: { waiting: waits } };
    case 'crashed': {
      const message = 'back-off restarting failed container';
      return { state: { waiting: { reason: 'CrashLoopBackOff', message } }, lastState: ended };
    }
  }
}
