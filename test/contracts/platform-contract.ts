/** What every `Platform` must do, as far as all of them can show it. */

import { describe, expect, test } from 'vitest';
import type { CounterRow, EnvironmentContext, Observation, Platform } from '../../src/delivery/index.ts';
import { readyCount, route, scale } from '../rigs/embedded-rig.ts';

export interface PlatformUnderTest {
  readonly platform: Platform;
  /** Holds the releases #1 and #2, both healthy. */
  readonly context: EnvironmentContext;
  /** Lets a little time go by. */
  pass(): Promise<void>;
  /** Lets at least 20 requests come in, and be answered; absent where there are none. */
  traffic?(): Promise<void>;
  close(): Promise<void>;
}

const MOST_PASSES = 500;

async function seen(subject: PlatformUnderTest, wanted: (observation: Observation) => boolean): Promise<Observation> {
  for (let passes = 0; ; passes += 1) {
    const observation = await subject.platform.observe(subject.context);
    if (wanted(observation)) return observation;
    if (passes === MOST_PASSES) throw new Error(`never seen; the last was ${JSON.stringify(observation)}`);
    await subject.pass();
  }
}

function requestsOf({ counters }: Observation, release: number): number {
  return (counters ?? []).filter((row) => row.release === release).reduce((sum, { requests }) => sum + requests, 0);
}

/** `counts`: whether there are requests to be counted. */
export function platformContract(
  name: string,
  open: () => Promise<PlatformUnderTest>,
  { counts = true }: { readonly counts?: boolean } = {},
): void {
  const using = (check: (subject: PlatformUnderTest) => Promise<void>) => async (): Promise<void> => {
    const subject = await open();
    try {
      await check(subject);
    } finally {
      await subject.close();
    }
  };
  const bothUp = async (subject: PlatformUnderTest): Promise<void> => {
    const { platform, context } = subject;
    for (const release of [1, 2]) await platform.apply(context, scale(release, 1));
    await seen(subject, (now) => readyCount(now, 1) + readyCount(now, 2) === 2);
  };

  describe(`${name} as a platform`, () => {
    test(
      'at first nothing runs and nothing is exposed',
      using(async ({ platform, context }) => {
        expect(await platform.observe(context)).toEqual({ releases: {}, traffic: {}, counters: [], gates: {} });
      }),
    );

    test(
      'what is scaled is wanted at once and ready in time, and the watcher is told',
      using(async (subject) => {
        const { platform, context } = subject;
        let told = 0;
        const unwatch = platform.watch(context.key, () => (told += 1));
        await platform.apply(context, scale(1, 2));
        expect((await platform.observe(context)).releases[1]?.desired).toBe(2);
        const up = await seen(subject, (now) => readyCount(now, 1) === 2);
        expect(up.releases[1]).toMatchObject({ desired: 2, restarts: 0, failure: null });
        await subject.pass();
        expect(told).toBeGreaterThanOrEqual(1);
        unwatch();
        const before = told;
        await platform.apply(context, scale(2, 1));
        await seen(subject, (now) => readyCount(now, 2) === 1);
        await subject.pass();
        expect(told).toBe(before);
      }),
    );

    test(
      'scaled down to nothing, a release is not run any more',
      using(async (subject) => {
        await bothUp(subject);
        await subject.platform.apply(subject.context, scale(1, 0));
        const after = await seen(subject, (now) => now.releases[1] === undefined);
        expect(readyCount(after, 2)).toBe(1);
      }),
    );

    test(
      'a split replaces the one before it, and is seen in force',
      using(async (subject) => {
        const { platform, context } = subject;
        await bothUp(subject);
        for (const shares of [{ 1: 1 }, { 1: 0.75, 2: 0.25 }, { 2: 1 }, {}]) {
          await platform.apply(context, route(shares));
          expect((await platform.observe(context)).traffic).toEqual(shares);
        }
      }),
    );

    test(
      'an effect that is applied twice is applied once',
      using(async (subject) => {
        const { platform, context } = subject;
        for (const effect of [scale(1, 1), scale(1, 1), route({ 1: 1 }), route({ 1: 1 })]) {
          await platform.apply(context, effect);
        }
        const up = await seen(subject, (now) => readyCount(now, 1) === 1);
        expect(up).toMatchObject({ releases: { 1: { desired: 1 } }, traffic: { 1: 1 } });
      }),
    );

    test.skipIf(!counts)(
      'requests are counted where they were answered, to within one of the split, and counters only grow',
      using(async (subject) => {
        const { platform, context } = subject;
        await bothUp(subject);
        await platform.apply(context, route({ 1: 0.75, 2: 0.25 }));
        await subject.traffic?.();
        const first = await platform.observe(context);
        const total = requestsOf(first, 1) + requestsOf(first, 2);
        expect(total).toBeGreaterThanOrEqual(20);
        expect(Math.abs(requestsOf(first, 2) - total / 4)).toBeLessThanOrEqual(1);
        await platform.apply(context, route({ 2: 1 }));
        await subject.traffic?.();
        const second = await platform.observe(context);
        expect(requestsOf(second, 1)).toBe(requestsOf(first, 1));
        expect(requestsOf(second, 2)).toBeGreaterThanOrEqual(requestsOf(first, 2) + 20);
        for (const row of second.counters ?? []) expect(bad(row)).toBe(false);
      }),
    );
  });
}

function bad({ requests, errors, traps, timeouts }: CounterRow): boolean {
  return errors > requests || traps + timeouts > errors;
}
