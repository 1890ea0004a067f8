/** One request to Prometheus' HTTP API, bounded in time and size, that comes back with samples or with a reason why not. */

import { z } from 'zod';
import { messageOf } from '../../../kernel/fault.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Seconds, by the clock of Prometheus: when the question was evaluated. */
  readonly at: number;
}

export type PrometheusAnswer =
  | { readonly kind: 'samples'; readonly samples: readonly Sample[] }
  /** `reason` is the end of a sentence that begins with the address. Nothing secret in it. */
  | { readonly kind: 'none'; readonly reason: string };

export interface PrometheusRequest {
  readonly url: string;
  readonly query: string;
  /** Ends the request; its time-out is in it. */
  readonly signal: AbortSignal;
}

/** An answer for a hundred pods has a tenth of it. */
const LARGEST_ANSWER = 8 * 1024 * 1024;

const SUCCESS = z.object({
  status: z.literal('success'),
  warnings: z.array(z.string()).optional(),
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

const FAILURE = z.object({ status: z.literal('error'), error: z.string() });

export async function askPrometheus(request: PrometheusRequest): Promise<PrometheusAnswer> {
  try {
    const { address, headers } = addressOf(request);
    const response = await fetch(address, { headers, signal: request.signal });
    const text = await readBounded(response);
    if (text === null) return none(`answers with more than ${LARGEST_ANSWER} bytes`);
    return read(response.status, text);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    return none(`can't be asked: ${messageOf(cause ?? error)}`);
  }
}

/** A name and password in the address become a header: `fetch` takes no such address. */
function addressOf({ url, query }: PrometheusRequest): {
  readonly address: URL;
  readonly headers: Record<string, string>;
} {
  const address = new URL(`${url.replace(/\/+$/, '')}/api/v1/query`);
  address.searchParams.set('query', query);
  const { username, password } = address;
  if (username === '') return { address, headers: {} };
  address.username = address.password = '';
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return { address, headers: { authorization: `Basic ${credentials}` } };
}

async function readBounded({ body }: Response): Promise<string | null> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body ?? []) {
    size += piece.length;
    // Leaving the loop cancels the rest.
    if (size > LARGEST_ANSWER) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function read(status: number, text: string): PrometheusAnswer {
  const json = parseJson(text);
  const failure = FAILURE.safeParse(json);
  if (failure.success) return none(`refuses the question (${status}): ${failure.data.error.slice(0, 200)}`);
  if (status !== 200) return none(`answers with status ${status}`);
  const success = SUCCESS.safeParse(json);
  if (!success.success) return none('gives an answer that is not one of Prometheus');
  const { warnings = [], data } = success.data;
  // Some store behind it did not answer: of one pod the errors may be there and the requests not.
  if (warnings.length > 0) return none(`warns that its answer is not complete: ${(warnings[0] ?? '').slice(0, 200)}`);
  const samples = data.result.map(({ metric, value: [at, value] }) => ({ labels: metric, value: Number(value), at }));
  return { kind: 'samples', samples };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function none(reason: string): PrometheusAnswer {
  return { kind: 'none', reason };
}
