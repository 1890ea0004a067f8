/**
 * The load generator's process: sends requests at an even rate over kept-alive connections and writes one line for each,
 * so that what it saw can be held against what Slipway counted. It shares nothing with Slipway's own counters.
 */

import { createWriteStream } from 'node:fs';
import { Agent, request as startRequest } from 'node:http';
import type { LoadOptions, LoadRecord } from './load.ts';

const options = JSON.parse(process.argv[2] ?? '') as LoadOptions;
const log = createWriteStream(options.log, { flags: 'a' });
const agent = new Agent({ keepAlive: true, maxSockets: options.connections ?? 64 });
const target = new URL(options.url);
const paths = options.paths ?? ['/'];
const prefix = options.prefix ?? `load-${process.pid}`;
let sent = 0;
let open = 0;
let ending = false;

function send(): void {
  const id = `${prefix}-${sent}`;
  const path = paths[sent % paths.length] ?? '/';
  const user = options.users === undefined ? {} : { [options.users.header]: `user-${sent % options.users.count}` };
  sent += 1;
  open += 1;
  const began = performance.now();
  const at = Date.now();
  let told = false;
  const tell = (ending: Pick<LoadRecord, 'status' | 'error' | 'release'>): void => {
    if (told) return;
    told = true;
    open -= 1;
    const line: LoadRecord = { id, at, ...ending, path, ms: Math.round((performance.now() - began) * 100) / 100 };
    log.write(`${JSON.stringify(line)}\n`);
    finishWhenDone();
  };
  const request = startRequest({
    agent,
    host: target.hostname,
    port: target.port,
    path,
    headers: { host: options.host, 'x-request-id': id, ...user },
    timeout: options.timeout ?? 30_000,
  });
  request.on('timeout', () => request.destroy(new Error('no answer in time')));
  request.on('error', (error) => tell({ status: null, error: error.message, release: null }));
  request.on('response', (answer) => {
    const release = answer.headers['x-slipway-release'];
    const number = typeof release === 'string' ? Number(release) : null;
    answer.resume();
    answer.on('error', (error) => tell({ status: null, error: error.message, release: number }));
    answer.on('end', () => tell({ status: answer.statusCode ?? null, error: null, release: number }));
  });
  request.end();
}

const began = performance.now();
const timer = setInterval(() => {
  // The schedule is kept by the clock, not by the timer: a late wake-up sends what is due.
  const due = Math.floor(((performance.now() - began) / 1000) * options.rate);
  // A stall is not made up for by a burst of more than this.
  for (let burst = 0; sent < due && burst < 50; burst += 1) send();
  if (options.most !== undefined && sent >= options.most) end();
}, 1);

function end(): void {
  if (ending) return;
  ending = true;
  clearInterval(timer);
  finishWhenDone();
}

function finishWhenDone(): void {
  if (!ending || open > 0) return;
  agent.destroy();
  log.end(() => process.exit(0));
}

process.on('SIGTERM', end);
// Whoever started us is gone when the pipe closes: then nobody wants the load any more.
process.stdin.on('end', end).resume();
