/**
 * The load generator of the benches, as a process of its own: so many kept-alive connections, each with one request under
 * way, for a fixed time. It reads just enough HTTP to know where an answer ends, so that it costs less than what it measures.
 * `node bench/load.ts '{"port":8080,"path":"/","host":"a.localhost","connections":16,"milliseconds":2000}'`
 */

import { connect, type Socket } from 'node:net';

export interface Load {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly host: string;
  readonly path: string;
  readonly connections: number;
  readonly milliseconds: number;
}

export interface LoadResult {
  /** Answered with status 200. */
  readonly answered: number;
  /** Other answers, and connections that ended before theirs. */
  readonly failed: number;
  /** From the first request to the last answer. */
  readonly milliseconds: number;
  /** Of the answers, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const HEAD_END = '\r\n\r\n';

/** Length of the whole answer at the start of `text`, or `undefined` when more of it must come. Latin-1. */
export function answerLength(text: string): number | undefined {
  const head = text.indexOf(HEAD_END);
  if (head < 0) return undefined;
  const start = head + HEAD_END.length;
  const fields = text.slice(0, head);
  const length = /\r\ncontent-length: *(\d+)/i.exec(fields)?.[1];
  if (length !== undefined) return text.length >= start + Number(length) ? start + Number(length) : undefined;
  if (!/\r\ntransfer-encoding: *chunked/i.test(fields)) throw new Error('an answer without a length');
  for (let at = start; ;) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(text.slice(at, line), 16);
    at = line + 2 + size + 2;
    if (at > text.length) return undefined;
    if (size === 0) return at;
  }
}

async function generate(load: Load): Promise<LoadResult> {
  const { port, host, path, connections, milliseconds } = load;
  const request = `GET ${path} HTTP/1.1\r\nhost: ${host}\r\naccept: application/json\r\nuser-agent: bench\r\n\r\n`;
  const latencies: number[] = [];
  let failed = 0;
  const began = performance.now();
  const end = began + milliseconds;

  const use = (socket: Socket): Promise<void> =>
    new Promise((resolve) => {
      let text = '';
      let sent = performance.now();
      socket.setNoDelay(true);
      socket.write(request);
      socket.on('data', (piece: Buffer) => {
        text += piece.toString('latin1');
        const length = answerLength(text);
        if (length === undefined) return;
        const now = performance.now();
        if (text.startsWith('HTTP/1.1 200 ')) latencies.push(now - sent);
        else failed += 1;
        text = text.slice(length);
        if (now >= end) return void socket.destroy();
        sent = now;
        socket.write(request);
      });
      socket.on('error', () => (failed += 1));
      socket.on('end', () => (failed += 1));
      socket.on('close', () => resolve());
    });
  await Promise.all(Array.from({ length: connections }, () => use(connect(port, '127.0.0.1'))));

  const took = performance.now() - began;
  latencies.sort((one, other) => one - other);
  const quantile = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { answered: latencies.length, failed, milliseconds: took, p50: quantile(0.5), p99: quantile(0.99) };
}

if (process.argv[1] === import.meta.filename) {
  console.log(JSON.stringify(await generate(JSON.parse(process.argv[2] ?? '') as Load)));
}
