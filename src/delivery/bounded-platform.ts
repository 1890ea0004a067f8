/** A decorator that lets no call of a platform take for ever: one that hangs would hold up all that comes after it. */

import type { Clock } from '../kernel/clock.ts';
import { Fault } from '../kernel/fault.ts';
import { formatDuration } from '../kernel/quantity.ts';
import type { Effect } from './effect.ts';
import type { Platform } from './platform.ts';

export interface Bounds {
  readonly clock: Clock;
  /** Longest time for one call, in milliseconds. */
  readonly limit: number;
}

/**
 * Calls reject with the Fault `delivery/platform-silent` when their time is over, and with the reason of their signal
 * as soon as that aborts, whether or not the platform heeds the signal that it is given.
 */
export function boundedPlatform(platform: Platform, { clock, limit }: Bounds): Platform {
  const within = async <Result>(
    what: string,
    work: (signal: AbortSignal) => Promise<Result>,
    outer: AbortSignal | undefined,
  ): Promise<Result> => {
    outer?.throwIfAborted();
    const ending = new AbortController();
    const leave = (): void => ending.abort(outer?.reason);
    outer?.addEventListener('abort', leave, { once: true });
    const tooLong = async (): Promise<never> => {
      await clock.sleep(limit, ending.signal);
      throw silent(what, limit);
    };
    try {
      return await Promise.race([work(ending.signal), tooLong()]);
    } finally {
      outer?.removeEventListener('abort', leave);
      ending.abort();
    }
  };
  return {
    observe: (context, signal) =>
      within(`a look at ${context.key}`, (inner) => platform.observe(context, inner), signal),
    apply: (context, effect, signal) =>
      within(subjectOf(effect, context.key), (inner) => platform.apply(context, effect, inner), signal),
    check: (context, release, signal) =>
      within(
        `whether #${release.number} can run in ${context.key}`,
        (inner) => platform.check(context, release, inner),
        signal,
      ),
    watch: (key, onChange) => platform.watch(key, onChange),
  };
}

function silent(what: string, limit: number): Fault<'delivery/platform-silent'> {
  return new Fault({
    code: 'delivery/platform-silent',
    kind: 'unreachable',
    message: `The platform did not answer within ${formatDuration(limit)} to ${what}.`,
    hint: 'It is asked again; see the logs of the agent and of the router in the home if it stays so.',
    retryable: true,
  });
}

function subjectOf(effect: Effect, key: string): string {
  if (effect.kind === 'gates') return `the gates of ${key}`;
  return effect.kind === 'route' ? `a new split for ${key}` : `scaling #${effect.release} of ${key}`;
}
