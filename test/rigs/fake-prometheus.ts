/** For tests: an HTTP server that answers `/api/v1/query` with what it is told, and keeps what it was asked. */

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

export type FakeAnswer =
  /** `[labels, value]`; the value as Prometheus writes it. */
  | { readonly vector: readonly FakeSample[]; readonly warnings?: readonly string[] }
  | { readonly status: number; readonly text: string }
  /** Anything else: it may never end. */
  | ((response: ServerResponse) => void);

export type FakeSample = readonly [labels: Readonly<Record<string, string>>, value: string];

export interface FakePrometheus {
  readonly url: string;
  answer: FakeAnswer;
  readonly asked: { readonly query: string; readonly headers: IncomingHttpHeaders }[];
  close(): Promise<void>;
}

/** Time of evaluation of every answer, in seconds. */
export const EVALUATED_AT = 1_800_000_000.5;

export async function startFakePrometheus(): Promise<FakePrometheus> {
  const server = createServer((request, response) => {
    const address = new URL(request.url ?? '/', 'http://prometheus');
    fake.asked.push({ query: address.searchParams.get('query') ?? '', headers: request.headers });
    if (address.pathname !== '/api/v1/query') return void response.writeHead(404).end();
    const { answer } = fake;
    if (typeof answer === 'function') return answer(response);
    if ('text' in answer) return void response.writeHead(answer.status).end(answer.text);
    const result = answer.vector.map(([metric, value]) => ({ metric, value: [EVALUATED_AT, value] }));
    const body = { status: 'success', data: { resultType: 'vector', result }, warnings: answer.warnings };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const fake: FakePrometheus = {
    url: `http://127.0.0.1:${address.port}`,
    answer: { vector: [] },
    asked: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

export interface FakePod {
  readonly release: number;
  readonly pod: string;
  readonly ok: number;
  readonly error?: number;
  readonly trap?: number;
  readonly timeout?: number;
  /** Seconds; `null`: the program does not say when it started. */
  readonly since?: number | null;
  /** Seconds ago. */
  readonly age?: number;
  /** Cumulative, by `le`. */
  readonly buckets?: Readonly<Record<string, number>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What the question of a look gives for pods that run our own replica. */
export function samplesOf(pods: readonly FakePod[]): readonly FakeSample[] {
  return pods.flatMap(({ release, pod, ok, error = 0, trap = 0, timeout = 0, since = 1000, age = 0, ...more }) => {
    const labels = { slipway_release: String(release), pod, job: 'pods', instance: `${pod}:9464`, ...more.labels };
    const total = (outcome: string, count: number): FakeSample[] => [
      [{ __name__: 'slipway_requests_total', outcome, ...labels }, String(count)],
      [{ slipway_part: 'sampled', outcome, ...labels }, String(EVALUATED_AT - age)],
    ];
    return [
      ...Object.entries({ ok, error, trap, timeout }).flatMap(([outcome, count]) => total(outcome, count)),
      ...Object.entries(more.buckets ?? {}).map(([le, count]): FakeSample => [
        { __name__: 'slipway_request_duration_seconds_bucket', le, ...labels },
        String(count),
      ]),
      ...(since === null
        ? []
        : [[{ __name__: 'slipway_counting_since_seconds', ...labels }, String(since)] satisfies FakeSample]),
    ];
  });
}
