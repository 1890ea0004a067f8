/** The smoke gate: a few requests that must be answered with the expected status, one after another. */

import { request } from 'node:http';
import type { GateVerdict, SmokeProbe } from '../delivery/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { messageOf } from '../kernel/fault.ts';
import { formatDuration } from '../kernel/quantity.ts';
import { type Connection, connectionTo, isUnreachable } from './connection.ts';

export interface SmokeOptions {
  readonly probes: readonly SmokeProbe[];
  /** Where the release answers. */
  readonly url: string;
  readonly clock: Clock;
  /** Longest time for one probe, in milliseconds. */
  readonly limit?: number;
  readonly signal: AbortSignal;
}

const LIMIT = 10_000;
/** So much of an unexpected answer is told. */
const TOLD = 200;

/** Ends with the first probe that fails. Nobody at the address is `error`: no release was asked then. */
export async function runSmoke(options: SmokeOptions): Promise<GateVerdict> {
  const { probes } = options;
  for (const probe of probes) {
    const verdict = await ask(probe, options);
    if (verdict !== null) return verdict;
  }
  const count = probes.length === 1 ? '1 probe was' : `${probes.length} probes were`;
  return { kind: 'passed', summary: `${count} answered as expected` };
}

/** What speaks against the release, or `null`. */
async function ask(probe: SmokeProbe, options: SmokeOptions): Promise<GateVerdict | null> {
  const { url, clock, limit = LIMIT, signal } = options;
  const what = `${probe.method.toUpperCase()} ${probe.path}`;
  const connection = connectionTo(url);
  const ending = new AbortController();
  const leave = (): void => ending.abort(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  const tooLong = async (): Promise<string> => {
    await clock.sleep(limit, ending.signal);
    return `was not answered within ${formatDuration(limit)}`;
  };
  try {
    const complaint = await Promise.race([exchange(probe, connection, ending.signal), tooLong()]);
    return complaint === null ? null : { kind: 'failed', summary: `${what} ${complaint}` };
  } catch (error) {
    signal.throwIfAborted();
    if (isUnreachable(error)) {
      return { kind: 'error', summary: `nothing can be reached at ${connection.origin}: ${messageOf(error)}` };
    }
    return { kind: 'failed', summary: `${what} was not answered: ${messageOf(error)}` };
  } finally {
    signal.removeEventListener('abort', leave);
    ending.abort();
  }
}

/** What is wrong with the answer, or `null`. Not by `fetch`, which lets nobody choose the `Host`. */
function exchange(
  { method, path, body, status: expected }: SmokeProbe,
  { origin, host }: Connection,
  signal: AbortSignal,
): Promise<string | null> {
  const headers = { host, ...(body === null ? {} : { 'content-type': typeOf(body) }) };
  return new Promise((resolve, reject) => {
    const options = { method: method.toUpperCase(), headers, agent: false, signal };
    const asking = request(new URL(path, origin), options, (response) => {
      const { statusCode: status } = response;
      if (status === expected) {
        resolve(null);
        response.destroy();
        return;
      }
      const tell = (text: string): void =>
        resolve(`answered ${status}, expected ${expected}: ${text === '' ? 'nothing more' : text}`);
      beginningOf(response).then(tell, reject);
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

function typeOf(body: string): string {
  try {
    JSON.parse(body);
    return 'application/json';
  } catch {
    return 'text/plain; charset=utf-8';
  }
}

/** Read no further than is told: an answer may never end. */
async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of body) {
    text += decoder.decode(piece, { stream: true });
    if (text.length >= TOLD) break;
  }
  return text.slice(0, TOLD).replaceAll(/\s+/g, ' ').trim();
}
