/** An environment for tests of the rehearsal: five replicas, 10 % for a minute, then everything. */

import type { CanaryPlan, EnvironmentSpec } from '../environment-spec.ts';
import type { Rehearsal, SimulatedRelease } from './rehearsal.ts';

export const PLAN: CanaryPlan = {
  kind: 'canary',
  steps: [
    { kind: 'weight', weight: 0.1 },
    { kind: 'pause', duration: 60_000 },
    { kind: 'weight', weight: 1 },
  ],
  match: null,
  judge: {
    tolerate: 1,
    detect: 2,
    falseAlarm: 0.01,
    miss: 0.05,
    within: 900_000,
    inconclusive: 'hold',
    slo: { errors: 0.01, p99: null },
    dry: false,
  },
  keep: 600_000,
  supersede: 'restart',
  stableScale: 'full',
  keepAborted: 0,
  rollbackWindow: 0,
  deadline: 600_000,
  onDeadline: 'abort',
};

export const SPEC: EnvironmentSpec = {
  replicas: 5,
  strategy: PLAN,
  affinity: { kind: 'none' },
  guard: 0,
  keep: 3,
  limits: { memory: 256_000_000, request: 10_000 },
  approval: { count: 0, by: [], expires: null },
  gates: { smoke: [], load: null, e2e: false },
  endToEnd: null,
  engine: 'node',
};

export const HEALTHY: SimulatedRelease = {
  errors: 0,
  traps: 0,
  timeouts: 0,
  platforms: {},
  latency: { p50: 20, p99: 80 },
  startsIn: 0,
  maxReady: null,
  crashes: false,
  gates: { smoke: 'pass', load: 'pass', e2e: 'pass' },
  gateTakes: null,
  loadable: true,
  secrets: 'there',
};

/** v1 serves 100 requests a second; v2 is deployed after ten seconds, and is as good. */
export const REHEARSAL: Rehearsal = {
  name: 'a sample',
  seed: 1,
  routing: 'exact',
  traffic: 100,
  start: 'v1',
  spec: SPEC,
  config: {},
  secrets: {},
  platforms: [],
  users: { count: 1000, keyless: 0, match: 0, safe: 1 },
  releases: { v1: HEALTHY, v2: HEALTHY },
  events: [{ at: 10_000, action: { kind: 'deploy', release: 'v2' } }],
  until: 120_000,
  expect: [],
};
