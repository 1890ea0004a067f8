/** Counters of the releases on a cluster, from a Prometheus that scrapes their pods. */

import type { EnvironmentContext } from '../../../delivery/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { CounterSource } from '../counter-source.ts';
import { askPrometheus } from './ask-prometheus.ts';
import { createHeldCounters, type HeldCounters } from './held-counters.ts';
import { podCounters } from './pod-counters.ts';
import { counterQuery } from './query.ts';

export interface PrometheusSourceOptions {
  readonly clock: Clock;
  /** Longest time for an answer, in milliseconds. */
  readonly patience?: number;
  /**
   * Milliseconds after which the last sample of a pod is no news: more than the interval of the scrapes, and less than the
   * five minutes for which Prometheus goes on telling the last sample of a pod that is gone.
   */
  readonly freshFor?: number;
  /** Told why there are no counters when that changes, in a sentence; `null`: there are some again. */
  readonly onTrouble?: (key: string, trouble: string | null) => void;
}

const PATIENCE = 3000;
const FRESH_FOR = 90_000;

/** One for all environments; it holds what it has seen of each (an hour long). An environment without `prometheus` gets `null`. */
export function createPrometheusSource(options: PrometheusSourceOptions): CounterSource {
  const { clock, patience = PATIENCE, freshFor = FRESH_FOR, onTrouble } = options;
  const environments = new Map<string, HeldCounters>();
  const troubles = new Map<string, string | null>();
  const say = (key: string, trouble: string | null): void => {
    if ((troubles.get(key) ?? null) !== trouble) onTrouble?.(key, trouble);
    troubles.set(key, trouble);
  };

  return {
    async read(context: EnvironmentContext, signal?: AbortSignal) {
      const prometheus = context.spec.kubernetes?.prometheus;
      if (!prometheus) return null;
      const { key } = context;
      const query = counterQuery(context, prometheus);
      const answer = await within(clock, patience, signal, (bounded) =>
        askPrometheus({ url: prometheus.url, query, signal: bounded }),
      );
      if (answer.kind === 'none') {
        say(key, `Prometheus at ${withoutPassword(prometheus.url)} ${answer.reason}.`);
        return null;
      }
      const held = environments.get(key) ?? createHeldCounters();
      environments.set(key, held);
      const rows = held.rows(podCounters(answer.samples, prometheus, freshFor / 1000), clock.monotonic());
      say(key, rows.length > 0 ? null : `Prometheus at ${withoutPassword(prometheus.url)} has no counters of ${key}.`);
      return rows;
    },
  };
}

/** Hands `work` a signal that aborts after so many milliseconds, or with the other one. */
async function within<Result>(
  clock: Clock,
  milliseconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const over = new AbortController();
  const done = new AbortController();
  clock.sleep(milliseconds, done.signal).then(
    () => over.abort(new Error(`no answer within ${milliseconds} ms`)),
    () => undefined,
  );
  try {
    return await work(signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]));
  } finally {
    done.abort();
  }
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
