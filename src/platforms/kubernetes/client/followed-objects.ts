/**
 * Objects kept up to date: listed once, then watched from that version on. A watch that ends is taken up where it ended;
 * when the server does not remember so far back all is listed again, and what went in the gap is found missing.
 */

import type { Clock } from '../../../kernel/clock.ts';
import type { Random } from '../../../kernel/random.ts';
import type { FollowedObjects, KubernetesObject, ObjectQuery } from '../cluster-client.ts';
import type { ApiCalls, Call } from './api-calls.ts';
import { createObjectShelf } from './object-shelf.ts';
import { resourcePath } from './resource-path.ts';
import type { Status } from './status.ts';
import { readWatch, WatchRefused } from './watch-stream.ts';

/** A follower that also learns what its own client has just done, so that nobody reads the past of his own writes. */
export interface Follower extends FollowedObjects {
  readonly query: ObjectQuery;
  learn(object: KubernetesObject): void;
  forget(name: string, uid: string | undefined): void;
}

export interface FollowTimes {
  /** How long one watch lasts before the server ends it and it is taken up again, in milliseconds. */
  readonly watch: number;
  /** How much longer a watch may last without that end: then the connection is dead, though nobody has said so. */
  readonly slack: number;
  readonly firstPause: number;
  readonly longestPause: number;
}

export interface FollowOptions {
  readonly calls: ApiCalls;
  readonly namespace: string;
  readonly query: ObjectQuery;
  readonly clock: Clock;
  readonly random: Random;
  readonly times: FollowTimes;
  readonly onClose: () => void;
}

/** A version that has been refused so many times in a row is not tried again. */
const MOST_REFUSALS = 3;

export function createFollower(options: FollowOptions): Follower {
  const { calls, query, clock, random, times } = options;
  const ending = new AbortController();
  const listeners = new Set<() => void>();
  const shelf = createObjectShelf(query, () => tellSoon());
  /** Where the next watch goes on; `null`: all must be listed. */
  let version: string | null = null;
  let listed = false;
  let broken: { readonly since: number; trouble: Error } | null = null;
  let attempt = Promise.withResolvers<void>();
  attempt.promise.catch(() => undefined);
  let telling = false;

  /** Once for all that comes in one piece. */
  const tellSoon = (): void => {
    if (telling) return;
    telling = true;
    queueMicrotask(() => {
      telling = false;
      if (!ending.signal.aborted) for (const listener of listeners) listener();
    });
  };
  const recovered = (): void => {
    if (broken !== null) tellSoon();
    broken = null;
  };
  const list = async (): Promise<void> => {
    const call = callOf(options, 'list', selectorOf(query));
    const result = await calls.ask(call, ending.signal);
    if ('status' in result) throw await refused(calls, call, result.status);
    version = shelf.replace(JSON.parse(result.text) as ObjectList);
    recovered();
    listed = true;
    attempt.resolve();
  };
  const watch = async (from: string): Promise<void> => {
    const query_ = {
      ...selectorOf(query),
      watch: '1',
      resourceVersion: from,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(Math.ceil(times.watch / 1000)),
    };
    const call = callOf(options, 'watch', query_);
    let heard = clock.monotonic();
    const limit = times.watch + times.slack;
    const result = await readWatch({
      open: (signal) => calls.open(call, signal),
      clock,
      limit,
      signal: ending.signal,
      onOpen() {
        heard = clock.monotonic();
        recovered();
      },
      onEvent(event) {
        heard = clock.monotonic();
        version = shelf.take(event) ?? version;
      },
    }).catch(async (error: unknown) => {
      throw error instanceof WatchRefused ? await refused(calls, call, error.status) : error;
    });
    // As long as it was silent nobody knows what has changed.
    if (result === 'silent') broken ??= { since: heard, trouble: new Error('the connection of the watch went dead') };
  };
  const run = async (): Promise<void> => {
    let setbacks = 0;
    while (!ending.signal.aborted) {
      const began = clock.monotonic();
      try {
        if (version === null) await list();
        else await watch(version);
        setbacks = 0;
      } catch (error) {
        if (ending.signal.aborted) return;
        const status = error instanceof Refused ? error.status : null;
        const trouble =
          error instanceof Refused ? error.fault : error instanceof Error ? error : new Error(String(error));
        if (status !== null && mustListAnew(status)) version = null;
        broken ??= { since: began, trouble };
        broken.trouble = trouble;
        if (!listed) {
          attempt.reject(trouble);
          attempt = Promise.withResolvers();
          attempt.promise.catch(() => undefined);
        }
        setbacks += 1;
        if (setbacks >= MOST_REFUSALS) version = null;
        // What is too old is not asked for again: the list can follow at once.
        if (status !== null && mustListAnew(status) && setbacks === 1) continue;
        await pause(setbacks, status?.retryAfter ?? 0);
      }
    }
  };
  const pause = (setbacks: number, least: number): Promise<void> => {
    const growing = Math.min(times.longestPause, times.firstPause * 2 ** Math.min(setbacks - 1, 10));
    const wait = Math.max(least, growing) * (1 + random.next() / 4);
    return clock.sleep(wait, ending.signal).catch(() => undefined);
  };

  void run();
  return {
    query,
    async ready(signal) {
      if (listed) return;
      const aborted = Promise.withResolvers<never>();
      const leave = (): void => aborted.reject(signal?.reason);
      signal?.throwIfAborted();
      signal?.addEventListener('abort', leave, { once: true });
      try {
        await Promise.race([attempt.promise, aborted.promise]);
      } finally {
        signal?.removeEventListener('abort', leave);
      }
    },
    objects: () => shelf.objects(),
    brokenSince: () => broken?.since ?? null,
    trouble: () => broken?.trouble ?? null,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      ending.abort(new Error('it is followed no more'));
      attempt.reject(new Error('it is followed no more'));
      options.onClose();
    },
    learn: (object) => shelf.learn(object),
    forget: (name, uid) => shelf.forget(name, uid),
  };
}

export interface ObjectList {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly items?: readonly KubernetesObject[];
}

class Refused extends Error {
  readonly status: Status;
  readonly fault: Error;

  constructor(status: Status, fault: Error) {
    super(fault.message);
    this.status = status;
    this.fault = fault;
  }
}

async function refused(calls: ApiCalls, call: Call, status: Status): Promise<Refused> {
  return new Refused(status, await calls.fault(status, call));
}

/** The version is too old, or from another history, or one that this server has not reached. */
function mustListAnew({ code, causes }: Status): boolean {
  return code === 410 || code === 409 || causes.some(({ reason }) => reason === 'ResourceVersionTooLarge');
}

function callOf({ namespace, query }: FollowOptions, verb: string, parameters: Readonly<Record<string, string>>): Call {
  return {
    method: 'GET',
    path: resourcePath(query, namespace),
    query: parameters,
    asked: { verb, what: query.name === undefined ? `${query.kind}s` : `${query.kind} ${query.name}` },
    repeatable: true,
  };
}

function selectorOf({ labels = {}, name }: ObjectQuery): Readonly<Record<string, string>> {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return {
    ...(wanted.length === 0 ? {} : { labelSelector: wanted.join(',') }),
    ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
  };
}
