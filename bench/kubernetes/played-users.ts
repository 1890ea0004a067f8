/**
 * Users of a service that a cluster without traffic doesn't have: a hundred requests a second, dealt by the weights of a
 * VirtualService among the pods that are ready, of which the bad release's fail in part. It answers as a Prometheus does,
 * at once: neither whoever asks pays for a scrape.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PlayedUsers {
  readonly url: string;
  /** What is asked of the weights at each moment: release → share. Releases are named as their labels name them. */
  watch(shares: () => Readonly<Record<string, number>>): void;
  /** From now on so many of this release's requests fail. */
  fail(release: string, share: number): void;
  close(): void;
}

export interface Tally {
  requests: number;
  errors: number;
}

const PER_SECOND = 100;
const TICK = 20;

export type Answer = (query: string, tallies: ReadonlyMap<string, Tally>) => readonly object[];

/** `answer` gives the `result` of an instant query: the vector that whoever is measured asks for. */
export async function playUsers(answer: Answer): Promise<PlayedUsers> {
  const tallies = new Map<string, Tally>();
  const failing = new Map<string, number>();
  let shares: () => Readonly<Record<string, number>> = () => ({});
  let before = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const sent = (PER_SECOND * (now - before)) / 1000;
    before = now;
    for (const [release, share] of Object.entries(shares())) {
      const tally = tallies.get(release) ?? { requests: 0, errors: 0 };
      tally.requests += sent * share;
      tally.errors += sent * share * (failing.get(release) ?? 0);
      tallies.set(release, tally);
    }
  }, TICK);
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    request.on('end', () => {
      const query = url.searchParams.get('query') ?? new URLSearchParams(body).get('query') ?? '';
      response.setHeader('content-type', 'application/json');
      const data = { resultType: 'vector', result: answer(query, tallies) };
      response.end(JSON.stringify({ status: 'success', data }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    watch: (source) => (shares = source),
    fail: (release, share) => failing.set(release, share),
    close() {
      clearInterval(timer);
      server.close();
      server.closeAllConnections();
    },
  };
}
