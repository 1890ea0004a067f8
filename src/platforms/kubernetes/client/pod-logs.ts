/** What a container has said, as the API server passes it on from its node. */

import type { PodLogOptions } from '../cluster-client.ts';
import type { ApiCalls, Call } from './api-calls.ts';
import { linesOf } from './lines.ts';
import { resourcePath } from './resource-path.ts';

export interface PodLogOrder extends PodLogOptions {
  readonly calls: ApiCalls;
  readonly namespace: string;
  readonly pod: string;
}

/**
 * Line by line. Ends with the container, or quietly when the signal aborts or the connection breaks: what is followed can
 * be followed anew.
 *
 * @throws Fault when there is nothing to be had (no right, no such pod).
 */
export async function* readPodLog({ calls, namespace, pod, ...options }: PodLogOrder): AsyncGenerator<string> {
  const { follow, tail, signal } = options;
  const call: Call = {
    method: 'GET',
    path: `${resourcePath({ apiVersion: 'v1', kind: 'Pod' }, namespace, pod)}/log`,
    query: { tailLines: String(tail), ...(follow ? { follow: 'true' } : {}) },
    asked: { verb: 'read', what: `the output of the pod ${pod}` },
    repeatable: true,
  };
  const ending = new AbortController();
  const leave = (): void => ending.abort(signal?.reason);
  signal?.addEventListener('abort', leave, { once: true });
  try {
    const answer = await calls.open(call, ending.signal);
    if (!('stream' in answer)) throw await calls.fault(answer.status, call);
    yield* linesOf(answer.stream);
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    signal?.removeEventListener('abort', leave);
    ending.abort(new Error('the log is read no more'));
  }
}
