/** What a pod of the played node is at one moment: a pure function of its behaviour and of time. */

import type { PodBehaviour } from './pod-behaviour.ts';

/** Times are monotonic milliseconds. */
export interface PodLife {
  /** When the node first saw it. */
  readonly begun: number;
  /** When it began to behave as it does now. */
  readonly since: number;
  /** Restarts before that. */
  readonly restarts: number;
}

export interface PodMoment {
  readonly state: 'running' | 'waiting' | 'crashed';
  readonly ready: boolean;
  readonly restarts: number;
  /** When it will be otherwise by itself; `Infinity`: never. */
  readonly until: number;
}

export function momentOf(behaviour: PodBehaviour, life: PodLife, now: number): PodMoment {
  const { startsIn, waits, crashes } = behaviour;
  if (waits !== null) return { state: 'waiting', ready: false, restarts: life.restarts, until: Infinity };
  const readyAt = startsIn === 'never' ? Infinity : life.begun + startsIn;
  if (crashes === null) {
    return {
      state: 'running',
      ready: now >= readyAt,
      restarts: life.restarts,
      until: now >= readyAt ? Infinity : readyAt,
    };
  }
  const round = crashes.after + crashes.again;
  const rounds = Math.floor((now - life.since) / round);
  const inRound = now - life.since - rounds * round;
  const runs = inRound < crashes.after;
  const restarts = life.restarts + rounds;
  const until = now - inRound + (runs ? crashes.after : round);
  // In the round in which it starts to crash it is what it was; a restarted one has to get ready anew.
  const isReady = runs && now >= readyAt && (rounds === 0 || inRound >= (startsIn === 'never' ? Infinity : startsIn));
  return { state: runs ? 'running' : 'crashed', ready: isReady, restarts, until };
}
