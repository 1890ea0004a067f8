import { expect, test } from 'vitest';
import { PLAN, SPEC } from '../../../test/rigs/engine-rig.ts';
import type { EnvironmentSpec } from '../../delivery/index.ts';
import { countingNote } from './counting-note.ts';

type OnCluster = NonNullable<EnvironmentSpec['kubernetes']>;

const PROMETHEUS: OnCluster['prometheus'] = {
  url: 'http://prometheus:9090',
  series: { requests: 'requests', latency: 'latency' },
  labels: { release: 'release', pod: 'pod' },
};
const CLUSTER: OnCluster = {
  namespace: 'shop',
  traffic: 'gateway-api',
  gateway: null,
  hosts: [],
  runtimeClass: null,
  repository: 'registry.example.com/herald',
  pullSecret: null,
  resources: { cpu: null, memory: null },
  prometheus: PROMETHEUS,
};
const MATCHING = { ...SPEC, strategy: { ...PLAN, match: { headers: { canary: 'true' } } } };

test('where a Prometheus counts, chosen requests are told to be judged like those of the users', () => {
  const note = countingNote({ ...MATCHING, kubernetes: CLUSTER });
  expect(note).toMatch(/^the judge counts the requests that `match` chooses like/);
});

test('of other counters, and other plans, there is nothing to say', () => {
  expect(countingNote(MATCHING)).toBeNull();
  expect(countingNote({ ...MATCHING, kubernetes: { ...CLUSTER, prometheus: null } })).toBeNull();
  expect(countingNote({ ...SPEC, kubernetes: CLUSTER })).toBeNull();
});
