import { describe, expect, test } from 'vitest';
import { parseRehearsalFile } from './parse-rehearsal-file.ts';

const contract = `rehearsal: a canary that answers with errors is rolled back
replicas: 5
routing: exact
traffic: 100/s
seed: 7
start: v1
strategy: { canary: { steps: [{ weight: 10% }, { pause: 1m }, { weight: 100% }], judge: { falseAlarm: 1%, miss: 5% } } }
releases:
  v1: { errors: 0.1%, latency: { p50: 20ms, p99: 80ms } }
  v2: { errors: 10%, latency: { p50: 20ms, p99: 80ms }, startsIn: 2s }
events:
  - { at: 10s, deploy: v2 }
until: 10m
expect:
  - { at: 40s, phase: aborted, stable: v1, traffic: { v1: 100% }, ready: { v1: 5 } }
  - { at: end, phase: aborted, traffic: { v1: 100%, v2: 0% } }
`;

const parse = (text: string) => parseRehearsalFile(text, 'r.yaml');
const small = (more: string) => parse(`rehearsal: x\nreleases: { v1: {}, v2: {} }\n${more}\n`);
const eventsOf = (events: string) => small(`events: [${events}]`);

test('the example of the contract, in milliseconds and fractions', () => {
  const { rehearsal, problems } = parse(contract);
  expect(problems).toEqual([]);
  expect(rehearsal).toMatchObject({
    name: 'a canary that answers with errors is rolled back',
    seed: 7,
    routing: 'exact',
    traffic: 100,
    start: 'v1',
    spec: { replicas: 5, guard: 0, keep: 3, affinity: { kind: 'none' } },
    until: 600_000,
    events: [{ at: 10_000, action: { kind: 'deploy', release: 'v2' } }],
  });
  expect(rehearsal?.releases['v2']).toEqual({
    errors: 0.1,
    traps: 0,
    timeouts: 0,
    platforms: {},
    latency: { p50: 20, p99: 80 },
    startsIn: 2000,
    maxReady: null,
    crashes: false,
    gates: { smoke: 'pass', load: 'pass', e2e: 'pass' },
    gateTakes: null,
    loadable: true,
    secrets: 'there',
  });
  expect(rehearsal?.expect).toEqual([
    {
      at: 40_000,
      phase: 'aborted',
      stable: 'v1',
      traffic: { v1: { from: 1, to: 1 } },
      ready: { v1: { from: 5, to: 5 } },
    },
    { at: Infinity, phase: 'aborted', traffic: { v1: { from: 1, to: 1 }, v2: { from: 0, to: 0 } } },
  ]);
});

test('what is left out has a default', () => {
  expect(small('').rehearsal).toMatchObject({
    seed: 1,
    routing: 'exact',
    traffic: 0,
    start: null,
    events: [],
    until: 600_000,
  });
});

test('every event is understood, and they come in the order of time', () => {
  const { rehearsal, problems } = eventsOf(
    `{ at: 2s, deploy: v2 }, { at: 1s, promote: {} }, { at: 3s, promoteFully: {} }, { at: 3s, abort: {} },
     { at: 4s, retry: {} }, { at: 5s, rollback: {} }, { at: 5s, rollback: v1 }, { at: 6s, pause: {} }, { at: 7s, resume: {} },
     { at: 8s, scale: 8 }, { at: 8s, strategy: canary }, { at: 9s, remove: {} }, { at: 9s, crash: {} }, { at: 9s, metrics: nan },
     { at: 9s, router: { delay: 10s } }, { at: 9s, set: { release: v2, errors: 5% } }, { at: 9s, traffic: 0/s },
     { at: 9s, config: { LOG_LEVEL: debug } }, { at: 9s, secrets: { TOKEN: 2 } }, { at: 9s, approve: { by: ana, groups: [leads] } },
     { at: 9s, reject: { by: ben } }, { at: 9s, strategy: { rolling: {} } }`,
  );
  expect(problems).toEqual([]);
  expect(rehearsal?.events.map(({ action }) => action)).toMatchObject([
    { kind: 'promote' },
    { kind: 'deploy', release: 'v2' },
    { kind: 'promoteFully' },
    { kind: 'abort' },
    { kind: 'retry' },
    { kind: 'rollback', to: null },
    { kind: 'rollback', to: 'v1' },
    { kind: 'pause' },
    { kind: 'resume' },
    { kind: 'scale', replicas: 8 },
    { kind: 'strategy', strategy: { kind: 'canary', steps: null } },
    { kind: 'remove' },
    { kind: 'crash' },
    { kind: 'metrics', state: 'nan' },
    { kind: 'router', delay: 10_000 },
    { kind: 'set', release: 'v2', change: { errors: 0.05 } },
    { kind: 'traffic', rate: 0 },
    { kind: 'config', config: { LOG_LEVEL: 'debug' } },
    { kind: 'secrets', secrets: { TOKEN: '2' } },
    { kind: 'approve', by: 'ana', groups: ['leads'] },
    { kind: 'reject', by: 'ben', groups: [] },
    { kind: 'strategy', strategy: { kind: 'rolling' } },
  ]);
});

test('a change names only what changes', () => {
  const { rehearsal } = eventsOf(
    `{ at: 1s, set: { release: v1, startsIn: never, maxReady: 3 } },
     { at: 2s, set: { release: v1, load: fail, gateTakes: 5s, platforms: { linux/arm64: { errors: 50% } } } }`,
  );
  expect(rehearsal?.events.map(({ action }) => action)).toEqual([
    { kind: 'set', release: 'v1', change: { startsIn: 'never', maxReady: 3 } },
    {
      kind: 'set',
      release: 'v1',
      change: { gates: { load: 'fail' }, gateTakes: 5000, platforms: { 'linux/arm64': { errors: 0.5 } } },
    },
  ]);
});

test('numbers and shares may be ranges', () => {
  const { rehearsal } = small(
    'expect: [{ at: 1s, step: 1..2, ready: { v1: 2..3 }, traffic: { v2: 8%..12%, v1: 88%..92% } }]',
  );
  expect(rehearsal?.expect[0]).toEqual({
    at: 1000,
    step: { from: 1, to: 2 },
    ready: { v1: { from: 2, to: 3 } },
    traffic: { v2: { from: 0.08, to: 0.12 }, v1: { from: 0.88, to: 0.92 } },
  });
});

describe('mistakes', () => {
  const told = (text: string) =>
    small(text).problems.map(({ code, line, column }) => `${line}:${column} ${code.replace('config/', '')}`);

  test.each([
    ['events: [{ at: 1s, deploy: v9 }]', '3:28 contradiction'],
    ['start: v9', '3:8 contradiction'],
    ['expect: [{ at: 1s, stable: v9 }]', '3:28 contradiction'],
    ['expect: [{ at: 1s, ready: { v9: 1 } }]', '3:29 contradiction'],
    ['events: [{ at: 11m, deploy: v1 }]', '3:16 contradiction'],
    ['expect: [{ at: 1h }]', '3:16 contradiction'],
    ['expect: [{ at: 1s, traffic: { v1: 60%, v2: 50%..60% } }]', '3:29 contradiction'],
    ['expect: [{ at: 1s, traffic: { v1: 0.5 } }]', '3:35 wrong-unit'],
    ['expect: [{ at: 1s, step: 3..2 }]', '3:26 wrong-unit'],
    ['expect: [{ at: later }]', '3:16 wrong-unit'],
    ['expect: [{ at: 1s, queued: v9 }]', '3:28 contradiction'],
    ['expect: [{ at: 1s, match: v9 }]', '3:27 contradiction'],
    ['expect: [{ at: 1s, mirror: 5 }]', '3:28 wrong-unit'],
    ['events: [{ at: 1s, approve: {} }]', '3:20 missing-key'],
    ['events: [{ at: 1s }]', '3:10 missing-key'],
    ['events: [{ at: 1s, abort: {}, pause: {} }]', '3:10 contradiction'],
    ['events: [{ deploy: v1 }]', '3:10 missing-key'],
    ['events: [{ at: 1s, depoly: v1 }]', '3:20 unknown-key'],
    ['strategy: { canary: { steps: [{ weight: 9% }, { weight: 8% }] } }', '3:57 contradiction'],
    ['events: [{ at: 1s, strategy: { canary: { judge: { detect: 1x } } } }]', '3:59 contradiction'],
  ])('%s', (text, expected) => {
    expect(told(text)).toEqual([expected]);
  });

  test('a release that is described for a platform that no machine has', () => {
    const releases = 'releases: { v1: { platforms: { linux/arm64: { errors: 5% } } } }';
    const { problems } = parse(`rehearsal: x\nplatforms: [linux/amd64]\n${releases}\n`);
    expect(problems.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
      '3:32 no machine of this rehearsal is linux/arm64',
    ]);
  });

  test('a missing description of the releases is one problem at the first line', () => {
    expect(parse('rehearsal: x\nstart: v1\n').problems.map(({ code, line }) => `${line} ${code}`)).toEqual([
      '1 config/missing-key',
      '2 config/contradiction',
    ]);
  });
});
