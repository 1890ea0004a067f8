import { expect, test } from 'vitest';
import type { KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { podFailure, unschedulable } from './pod-failure.ts';
import { releaseOf, releaseStatus } from './release-status.ts';

type Json = Exclude<KubernetesObject[string], KubernetesObject['metadata']>;

const deployment = (status: Json = {}, replicas = 3): KubernetesObject => ({
  ...KINDS.deployment,
  metadata: { name: 'greeter-1', generation: 2 },
  spec: { replicas },
  status,
});
const pod = (name: string, ready: boolean, container: Json = {}, gone = false): KubernetesObject => ({
  ...KINDS.pod,
  metadata: { name, ...(gone ? { deletionTimestamp: '2026-11-24T17:00:00Z' } : {}) },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }], containerStatuses: [container] },
});
const waiting = (reason: string, message?: string, last?: Json): Json => ({
  restartCount: 2,
  state: { waiting: { reason, ...(message === undefined ? {} : { message }) } },
  ...(last === undefined ? {} : { lastState: { terminated: last } }),
});
const never = () => null;

test('pods that are ready and stay are counted, and the restarts of those that stay', () => {
  const pods = [pod('a', true, { restartCount: 1 }), pod('b', true, {}, true), pod('c', false, { restartCount: 2 })];
  expect(releaseStatus(deployment({ readyReplicas: 2 }), pods, never)).toEqual({
    desired: 3,
    ready: 1,
    restarts: 3,
    failure: null,
    inFlight: 0,
  });
});

test('pods of a Deployment of the same name that was deleted just now are not ready for the next one', () => {
  const pods = [pod('old-a', true), pod('old-b', true)];
  expect(releaseStatus(deployment({ observedGeneration: 1 }), pods, never).ready).toBe(0);
  expect(releaseStatus(deployment({ readyReplicas: 1 }), [...pods, pod('new', true)], never).ready).toBe(1);
});

test.each([
  ['ImagePullBackOff: no such tag', waiting('ImagePullBackOff', 'no such tag')],
  ['InvalidImageName', waiting('InvalidImageName')],
  ['CreateContainerConfigError: secret "x" not found', waiting('CreateContainerConfigError', 'secret "x"\n not found')],
  [
    'CrashLoopBackOff: exit code 101: panicked at main.rs',
    waiting('CrashLoopBackOff', 'back-off 5m0s', { exitCode: 101, reason: 'Error', message: 'panicked at main.rs\n' }),
  ],
  [
    'CrashLoopBackOff: it took more memory than it may (OOMKilled)',
    waiting('CrashLoopBackOff', 'back-off', { exitCode: 137, reason: 'OOMKilled' }),
  ],
  ['CrashLoopBackOff: back-off 5m0s', waiting('CrashLoopBackOff', 'back-off 5m0s')],
])('what a container waits for becomes %j', (words, container) => {
  expect(podFailure(pod('a', false, container))).toBe(words);
  expect(releaseStatus(deployment(), [pod('a', false, container)], never).failure).toBe(words);
  expect(releaseStatus(deployment(), [pod('a', false, container, true)], never).failure).toBeNull();
});

test('a start is no failure, and words are cut where they get too long', () => {
  expect(podFailure(pod('a', false, waiting('ContainerCreating')))).toBeNull();
  expect(podFailure(pod('a', false, waiting('ErrImagePull', 'x'.repeat(1000))))).toHaveLength(300);
});

test('a pod without a node says why', () => {
  const lonely: KubernetesObject = {
    ...KINDS.pod,
    metadata: { name: 'a' },
    status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }] },
  };
  expect(unschedulable(lonely)).toBe('Unschedulable: 0/3 nodes');
  expect(unschedulable(pod('a', true))).toBeNull();
  expect(releaseStatus(deployment(), [lonely], () => 'Unschedulable: 0/3 nodes').failure).toBe(
    'Unschedulable: 0/3 nodes',
  );
});

test('a Deployment whose pods can not be made, or that is late, says so, of its present state alone', () => {
  const refused = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' };
  const late = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'too late' };
  const failureOf = (conditions: Json, observedGeneration = 2) =>
    releaseStatus(deployment({ observedGeneration, conditions }), [], never).failure;
  expect(failureOf([refused, late])).toBe('FailedCreate: exceeded quota');
  expect(failureOf([late])).toBe('ProgressDeadlineExceeded: too late');
  expect(failureOf([refused], 1)).toBeNull();
  expect(failureOf([{ ...refused, status: 'False' }])).toBeNull();
});

test('an object says of which release it is', () => {
  const labelled = (release: string): KubernetesObject => ({
    ...KINDS.pod,
    metadata: { name: 'a', labels: { 'slipway.dev/release': release } },
  });
  expect([labelled('7'), labelled('none'), pod('a', true)].map(releaseOf)).toEqual([7, null, null]);
});
