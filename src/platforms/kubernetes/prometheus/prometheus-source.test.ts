import * as fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  EVALUATED_AT,
  type FakeAnswer,
  type FakePod,
  samplesOf,
  startFakePrometheus,
} from '../../../../test/rigs/fake-prometheus.ts';
import { CONTEXT as SAMPLE } from '../../../../test/rigs/simulated-rig.ts';
import type { CounterRow, EnvironmentContext, PrometheusSpec } from '../../../delivery/index.ts';
import { type CounterBaseline, countersSince, type CountingPlan } from '../../../delivery/judge/counters.ts';
import { systemClock } from '../../../kernel/clock.ts';
import { createPrometheusSource, type PrometheusSourceOptions } from './prometheus-source.ts';

const fake = await startFakePrometheus();
afterAll(() => fake.close());
beforeEach(() => void (fake.asked.length = 0));

const PROMETHEUS: PrometheusSpec = {
  url: fake.url,
  series: { requests: 'slipway_requests_total', latency: 'slipway_request_duration_seconds' },
  labels: { release: 'slipway_release', pod: 'pod' },
};

function contextOf(prometheus: PrometheusSpec | null, key = 'greeter/production'): EnvironmentContext {
  const kubernetes = {
    namespace: 'shop',
    traffic: 'service',
    gateway: null,
    hosts: [],
    runtimeClass: null,
    repository: 'r',
    pullSecret: null,
    resources: { cpu: null, memory: null },
    prometheus,
  } as const;
  return { ...SAMPLE, key, spec: { ...SAMPLE.spec, kubernetes } };
}

const CONTEXT = contextOf(PROMETHEUS);

interface Rig {
  readonly troubles: (string | null)[];
  read(answer: FakeAnswer | readonly FakePod[]): Promise<readonly CounterRow[] | null>;
}

function createRig(options: Partial<PrometheusSourceOptions> = {}): Rig {
  const troubles: (string | null)[] = [];
  const onTrouble = (_key: string, trouble: string | null): void => void troubles.push(trouble);
  const source = createPrometheusSource({ clock: systemClock, onTrouble, ...options });
  return {
    troubles,
    read(answer) {
      fake.answer = 'length' in answer && typeof answer !== 'function' ? { vector: samplesOf(answer) } : answer;
      return source.read(CONTEXT);
    },
  };
}

const counts = (rows: readonly CounterRow[] | null) =>
  rows?.map(({ release, replica, epoch, requests, errors }) => [release, replica, epoch, requests, errors]);

describe('the counters of an environment', () => {
  test('are asked for in one question, of its service, environment and namespace, as raw counters', async () => {
    await createRig().read([]);
    expect(fake.asked).toHaveLength(1);
    const query = fake.asked[0]?.query ?? '';
    expect(query).toContain('slipway_service="greeter",slipway_environment="production",namespace=~"shop|"');
    expect(query).toContain('slipway_requests_total|slipway_request_duration_seconds_bucket|');
    expect(query).not.toContain('rate(');
  });

  test('are one row for each pod, and errors are part of the requests', async () => {
    const buckets = { '0.005': 40, '0.5': 52, '+Inf': 53 };
    const rows = await createRig().read([
      { release: 1, pod: 'a', ok: 50, since: 1700.25 },
      { release: 2, pod: 'b', ok: 50, error: 1, trap: 2, timeout: 3, since: 1800, buckets },
    ]);
    expect(rows?.[0]).toMatchObject({ release: 1, replica: 'a', epoch: '1700.25', requests: 50, errors: 0 });
    expect(rows?.[0]?.latency).toEqual({ edges: [], counts: [0] });
    expect(rows?.[1]).toEqual({
      release: 2,
      replica: 'b',
      epoch: '1800',
      source: 'split',
      platform: null,
      requests: 56,
      errors: 6,
      traps: 2,
      timeouts: 3,
      latency: { edges: [5, 500], counts: [40, 12, 1] },
      units: null,
    });
  });

  test('are null where no Prometheus is configured', async () => {
    const source = createPrometheusSource({ clock: systemClock });
    expect(await source.read(contextOf(null))).toBeNull();
    expect(await source.read(SAMPLE)).toBeNull();
    expect(fake.asked).toEqual([]);
  });

  test('come with a name and password of the address, which no sentence tells', async () => {
    const url = fake.url.replace('//', '//judge:s%3Acret@');
    const troubles: (string | null)[] = [];
    const source = createPrometheusSource({ clock: systemClock, onTrouble: (_, trouble) => troubles.push(trouble) });
    fake.answer = { status: 503, text: '' };
    expect(await source.read(contextOf({ ...PROMETHEUS, url }))).toBeNull();
    const basic = Buffer.from('judge:s:cret').toString('base64');
    expect(fake.asked[0]?.headers.authorization).toBe(`Basic ${basic}`);
    expect(troubles).toEqual([`Prometheus at ${fake.url} answers with status 503.`]);
  });
});

describe('a Prometheus in trouble gives null, says why once, and comes back', () => {
  const huge = (response: { write(text: string): void; end(): void }): void => {
    for (let megabyte = 0; megabyte < 9; megabyte += 1) response.write(' '.repeat(1024 * 1024));
    response.end();
  };
  const matrix = JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [] } });
  const refusal = JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'parse error at char 1' });
  const pods: readonly FakePod[] = [{ release: 1, pod: 'a', ok: 1 }];
  const troubles: readonly (readonly [string, FakeAnswer, string])[] = [
    ['a server error', { status: 503, text: 'overloaded' }, 'answers with status 503.'],
    ['a refusal', { status: 400, text: refusal }, 'refuses the question (400): parse error at char 1.'],
    ['no JSON', { status: 200, text: '<html>' }, 'gives an answer that is not one of Prometheus.'],
    ['JSON of something else', { status: 200, text: '{"status":"success"}' }, 'gives an answer that is not one'],
    ['another type', { status: 200, text: matrix }, 'gives an answer that is not one of Prometheus.'],
    ['a warning', { vector: samplesOf(pods), warnings: ['store 2 is down'] }, 'is not complete: store 2 is down.'],
    ['too much', huge, 'answers with more than 8388608 bytes.'],
    ['silence', () => undefined, "can't be asked: no answer within 500 ms."],
    [
      'half an answer',
      (response) => void response.writeHead(200).write('{'),
      "can't be asked: no answer within 500 ms.",
    ],
    ['a cut connection', (response) => void response.destroy(), "can't be asked: other side closed."],
  ];

  test.each(troubles)('%s', async (_, answer, reason) => {
    // Only silence is to run into it: on a busy machine an answer takes its time.
    const rig = createRig({ patience: reason.includes('500 ms') ? 500 : 5000 });
    expect(counts(await rig.read(pods))).toEqual([[1, 'a', '1000', 1, 0]]);
    expect(await rig.read(answer)).toBeNull();
    expect(await rig.read(answer)).toBeNull();
    expect(counts(await rig.read(pods))).toEqual([[1, 'a', '1000', 1, 0]]);
    expect(rig.troubles).toEqual([expect.stringContaining(reason), null]);
  });

  test('nobody there', async () => {
    const gone = await startFakePrometheus();
    await gone.close();
    const source = createPrometheusSource({ clock: systemClock });
    for (const url of [gone.url, 'prometheus:9090', ''])
      expect(await source.read(contextOf({ ...PROMETHEUS, url }))).toBeNull();
  });

  test('whoever does not want to wait any longer', async () => {
    fake.answer = () => undefined;
    const source = createPrometheusSource({ clock: systemClock });
    expect(await source.read(CONTEXT, AbortSignal.timeout(30))).toBeNull();
    expect(await source.read(CONTEXT, AbortSignal.abort())).toBeNull();
  });

  test('an empty answer is no row, and says so', async () => {
    const rig = createRig();
    expect(await rig.read({ vector: [] })).toEqual([]);
    expect(rig.troubles).toEqual([`Prometheus at ${fake.url} has no counters of greeter/production.`]);
  });
});

describe('a pod is left out', () => {
  const other: FakePod = { release: 1, pod: 'other', ok: 7 };
  const series = (pod: FakePod, change: (labels: Record<string, string>, value: string) => string) => ({
    vector: [
      ...samplesOf([other]),
      ...samplesOf([pod]).map(([labels, value]) => [labels, change(labels, value)] as const),
    ],
  });
  const onlyOther = [[1, 'other', '1000', 7, 0]];
  const bad: FakePod = { release: 2, pod: 'b', ok: 9, buckets: { '0.5': 9, '+Inf': 9 } };

  test.each(['NaN', '+Inf', '-1', 'x'])('one of whose series says %s, in whichever of them', async (wrong) => {
    for (const name of ['slipway_requests_total', 'slipway_request_duration_seconds_bucket']) {
      const answer = series(bad, (labels, value) => (labels['__name__'] === name ? wrong : value));
      expect(counts(await createRig().read(answer))).toEqual(onlyOther);
    }
  });

  test('that was not sampled for longer than the news is fresh, though Prometheus goes on telling its last sample', async () => {
    const rig = createRig();
    expect(await rig.read([other, { ...bad, age: 89 }])).toHaveLength(2);
    expect(counts(await rig.read([other, { ...bad, age: 91 }]))).toEqual(onlyOther);
    expect(await rig.read([other, { ...bad, age: 15 }])).toHaveLength(2);
  });

  test('without a release or a pod that can be told', async () => {
    for (const labels of [{ slipway_release: '' }, { slipway_release: 'v2' }, { slipway_release: '0' }, { pod: '' }])
      expect(counts(await createRig().read([other, { ...bad, labels }]))).toEqual(onlyOther);
  });

  test('whose requests are not told apart by how they ended', async () => {
    const vector = samplesOf([bad]).map(
      ([labels, value]) =>
        [Object.fromEntries(Object.entries(labels).filter(([name]) => name !== 'outcome')), value] as const,
    );
    expect(counts(await createRig().read({ vector: [...samplesOf([other]), ...vector] }))).toEqual(onlyOther);
  });

  test('of which only the age is known', async () => {
    const vector = samplesOf([bad]).filter(([{ __name__ }]) => __name__ === 'slipway_counting_since_seconds');
    expect(counts(await createRig().read({ vector: [...samplesOf([other]), ...vector] }))).toEqual(onlyOther);
  });
});

test('other programs tell errors by the status, in as many series as they like', async () => {
  const labels = { slipway_release: '3', pod: 'p', job: 'j', instance: 'i' };
  const total = (code: string, path: string, value: number) =>
    [
      [{ __name__: 'http_total', code, path, ...labels }, String(value)],
      [{ slipway_part: 'sampled', code, path, ...labels }, String(EVALUATED_AT)],
    ] as const;
  fake.answer = {
    vector: [
      ...total('200', '/', 10.9),
      ...total('404', '/', 5),
      ...total('500', '/', 2),
      ...total('503', '/a', 1),
      [{ __name__: 'process_start_time_seconds', ...labels }, '1700000000.5'],
    ],
  };
  const source = createPrometheusSource({ clock: systemClock });
  const rows = await source.read(contextOf({ ...PROMETHEUS, series: { requests: 'http_total', latency: 'x' } }));
  expect(counts(rows)).toEqual([[3, 'p', '1700000000.5', 18, 3]]);
});

describe('counters only grow while the epoch stays', () => {
  const one = (ok: number, more: Partial<FakePod> = {}): readonly FakePod[] => [{ release: 2, pod: 'a', ok, ...more }];

  test('a restart is a new epoch, and one who still tells of the process before it is not believed', async () => {
    const rig = createRig();
    expect(counts(await rig.read(one(50, { error: 3, since: 1000 })))).toEqual([[2, 'a', '1000', 53, 3]]);
    expect(counts(await rig.read(one(4, { since: 2000 })))).toEqual([[2, 'a', '2000', 4, 0]]);
    expect(counts(await rig.read(one(60, { error: 3, since: 1000 })))).toEqual([[2, 'a', '2000', 4, 0]]);
    expect(counts(await rig.read(one(5, { since: 2000 })))).toEqual([[2, 'a', '2000', 5, 0]]);
  });

  test('a restart is known again by a driver that has seen nothing before', async () => {
    const first = await createRig().read(one(50, { since: 1000.125 }));
    expect(await createRig().read(one(50, { since: 1000.125 }))).toEqual(first);
  });

  test('the second of two Prometheus lags behind: the highest is held', async () => {
    const rig = createRig();
    await rig.read(one(50, { error: 3, buckets: { '0.5': 40, '+Inf': 53 } }));
    const [row] = (await rig.read(one(48, { error: 2, age: 10, buckets: { '0.5': 39, '+Inf': 50 } }))) ?? [];
    expect([row?.requests, row?.errors, row?.latency.counts]).toEqual([53, 3, [40, 13]]);
  });

  test('a pod that is scraped twice counts once', async () => {
    const twice = [...one(50, { labels: { job: 'a' } }), ...one(49, { labels: { job: 'b' } })];
    expect(counts(await createRig().read(twice))).toEqual([[2, 'a', '1000', 50, 0]]);
    // The first of the two is not scraped any more.
    const stale = [...one(50, { labels: { job: 'a' }, age: 200 }), ...one(70, { labels: { job: 'b' } })];
    expect(counts(await createRig().read(stale))).toEqual([[2, 'a', '1000', 70, 0]]);
  });

  test('where nothing says when it started, a pod that restarts is left out from then on', async () => {
    const rig = createRig();
    const since = null;
    expect(counts(await rig.read(one(50, { since, age: 5 })))).toEqual([[2, 'a', '0', 50, 0]]);
    expect(counts(await rig.read(one(40, { since, age: 9 })))).toEqual([[2, 'a', '0', 50, 0]]);
    expect(await rig.read(one(4, { since, age: 2 }))).toEqual([]);
    expect(await rig.read(one(90, { since, age: 1 }))).toEqual([]);
  });

  test('environments are held apart', async () => {
    const source = createPrometheusSource({ clock: systemClock });
    fake.answer = { vector: samplesOf(one(50)) };
    await source.read(CONTEXT);
    fake.answer = { vector: samplesOf(one(4)) };
    expect(counts(await source.read(contextOf(PROMETHEUS, 'greeter/staging')))).toEqual([[2, 'a', '1000', 4, 0]]);
  });
});

test('two that are scraped at other times, pods that restart and looks at any moment: all is counted, nothing twice', async () => {
  const plan: CountingPlan = { candidate: 2, stable: 1, sources: ['split'], edge: 500, share: 0.5 };
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('serve'),
        pod: fc.nat(2),
        ok: fc.nat(9),
        slow: fc.nat(3),
        error: fc.nat(2),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('scrape'), by: fc.nat(1), pod: fc.nat(2) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('look'), at: fc.nat(1), age: fc.nat(60) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart'), pod: fc.nat(2) }) },
  );
  const property = fc.asyncProperty(
    fc.array(step as fc.Arbitrary<Step>, { maxLength: 80, size: 'max' }),
    async (steps) => {
      const rig = createRig();
      const pods = [1, 2, 2].map((release, index) => ({
        release,
        pod: `p${index}`,
        ok: 0,
        slow: 0,
        error: 0,
        since: 100,
      }));
      const views: FakePod[][] = [[], []];
      const truth = { requests: 0, bad: 0, slow: 0 };
      const seen = { requests: 0, bad: 0, slow: 0 };
      let baseline: CounterBaseline = { rows: {}, share: 0.5 };
      const scrape = (by: number, index: number): void => {
        const pod = pods[index];
        const view = views[by];
        if (pod === undefined || view === undefined) return;
        const all = pod.ok + pod.slow + pod.error;
        const buckets = { '0.5': all - pod.slow, '+Inf': all };
        view[index] = { ...pod, ok: pod.ok + pod.slow, buckets };
      };
      const look = async (at: number, age: number): Promise<void> => {
        const known = (views[at] ?? []).filter((pod) => pod !== undefined);
        const rows = (await rig.read(known.map((pod) => ({ ...pod, age })))) ?? [];
        // None was scraped yet.
        if (rows.length === 0) return;
        const reading = countersSince(baseline, rows, plan);
        if (reading.kind === 'error') throw new Error(reading.message);
        baseline = reading.baseline;
        for (const arm of ['candidate', 'stable'] as const) {
          seen.requests += reading.counts[arm].requests;
          seen.bad += reading.counts[arm].bad;
          seen.slow += reading.counts.slow?.[arm].bad ?? 0;
        }
      };
      for (const it of steps) {
        if (it.kind === 'look') await look(it.at, it.age);
        const pod = it.kind === 'look' ? undefined : pods[it.pod];
        if (pod === undefined) continue;
        if (it.kind === 'scrape') scrape(it.by, it.pod);
        if (it.kind === 'serve') {
          pod.ok += it.ok;
          pod.slow += it.slow;
          pod.error += it.error;
          truth.requests += it.ok + it.slow + it.error;
          truth.bad += it.error;
          truth.slow += it.slow;
        }
        if (it.kind === 'restart') {
          // What is counted after the last scrape before a restart is lost with the process: that is told elsewhere.
          scrape(0, it.pod);
          await look(0, 0);
          Object.assign(pod, { ok: 0, slow: 0, error: 0, since: pod.since + 1 });
        }
      }
      for (const index of pods.keys()) scrape(1, index);
      await look(1, 0);
      expect(seen).toEqual(truth);
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

type Step =
  | { readonly kind: 'serve'; readonly pod: number; readonly ok: number; readonly slow: number; readonly error: number }
  | { readonly kind: 'scrape'; readonly by: number; readonly pod: number }
  | { readonly kind: 'look'; readonly at: number; readonly age: number }
  | { readonly kind: 'restart'; readonly pod: number };
