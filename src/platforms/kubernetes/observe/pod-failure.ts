/** Why a pod can't become or stay ready by itself, in its own words. */

import type { KubernetesObject } from '../cluster-client.ts';
import { conditionOf, fieldOf, listOf, numberOf, textOf } from '../fields.ts';

/** Reasons for which a container waits that do not pass by themselves. The others (ContainerCreating) are of a start. */
const LASTING: readonly string[] = [
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImageInspectError',
  'ImagePullBackOff',
  'InvalidImageName',
  'RunContainerError',
];

const LONGEST = 300;

/** `null`: nothing speaks against it. One that can't be scheduled is another matter: see `unschedulable`. */
export function podFailure(pod: KubernetesObject): string | null {
  for (const container of listOf(pod['status'], 'containerStatuses')) {
    const waiting = fieldOf(container, 'state', 'waiting');
    const reason = textOf(waiting, 'reason');
    if (!LASTING.includes(reason)) continue;
    const words = reason === 'CrashLoopBackOff' ? lastWords(container) : textOf(waiting, 'message');
    return shortened(words === '' ? reason : `${reason}: ${words}`);
  }
  return null;
}

/** What the scheduler says while it finds no node for the pod; `null`: it has one, or was not looked at yet. */
export function unschedulable(pod: KubernetesObject): string | null {
  const condition = conditionOf(listOf(pod['status'], 'conditions'), 'PodScheduled');
  if (textOf(condition, 'status') !== 'False' || textOf(condition, 'reason') !== 'Unschedulable') return null;
  return shortened(`Unschedulable: ${textOf(condition, 'message')}`);
}

/** `exit code 101: thread 'main' panicked at …`: how it ended the last time, and what it left behind. */
function lastWords(container: unknown): string {
  const ended = fieldOf(container, 'lastState', 'terminated') ?? fieldOf(container, 'state', 'terminated');
  if (ended === undefined) return textOf(container, 'state', 'waiting', 'message');
  const reason = textOf(ended, 'reason');
  const how =
    reason === 'OOMKilled' ? 'it took more memory than it may (OOMKilled)' : `exit code ${numberOf(ended, 'exitCode')}`;
  const message = textOf(ended, 'message').trim();
  return message === '' ? how : `${how}: ${message}`;
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
}
