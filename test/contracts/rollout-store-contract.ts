/** What every `RolloutStore` must do. */

import { describe, expect, test } from 'vitest';
import type { EngineRecord, RolloutStore } from '../../src/delivery/index.ts';

export interface StoreUnderTest {
  readonly store: RolloutStore;
  /** Another one on the same content, as after a restart or in another process; the same where there is no such thing. */
  readonly reopened: () => RolloutStore;
  close(): void;
}

/** A record that the store can tell apart; a store must not care what is in it. */
function recordWith(time: number): EngineRecord {
  return {
    state: { key: 'a/b', text: 'ü\n"', nested: [1.5, null] },
    intents: [],
    outbox: [],
    time: { engine: time, wall: 1 },
  } as unknown as EngineRecord;
}

export function rolloutStoreContract(name: string, open: () => StoreUnderTest): void {
  const using = (check: (subject: StoreUnderTest) => Promise<void>) => async (): Promise<void> => {
    const subject = open();
    try {
      await check(subject);
    } finally {
      subject.close();
    }
  };

  describe(`${name} as a rollout store`, () => {
    test(
      'what was never saved is not there',
      using(async ({ store }) => {
        expect(await store.load('a/b')).toBeNull();
        expect(await store.list()).toEqual([]);
      }),
    );

    test(
      'versions count from one, and what is saved is what is loaded',
      using(async ({ store }) => {
        for (const version of [0, 1, 2]) await store.save('a/b', version, recordWith(version));
        expect(await store.load('a/b')).toEqual({ version: 3, record: recordWith(2) });
      }),
    );

    test(
      'a writer that does not hold the newest version is refused and changes nothing',
      using(async ({ store }) => {
        await store.save('a/b', 0, recordWith(1));
        for (const version of [0, 2, 7]) {
          await expect(store.save('a/b', version, recordWith(9))).rejects.toMatchObject({
            code: 'delivery/stale-version',
          });
        }
        expect(await store.load('a/b')).toEqual({ version: 1, record: recordWith(1) });
      }),
    );

    test(
      'of two writers with one version exactly one succeeds',
      using(async ({ store, reopened }) => {
        await store.save('a/b', 0, recordWith(0));
        const other = reopened();
        const results = await Promise.allSettled([
          store.save('a/b', 1, recordWith(1)),
          other.save('a/b', 1, recordWith(2)),
        ]);
        expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      }),
    );

    test(
      'environments are apart, and listed in order',
      using(async ({ store }) => {
        for (const key of ['b/x', 'a/y', 'a/b']) await store.save(key, 0, recordWith(1));
        expect(await store.list()).toEqual(['a/b', 'a/y', 'b/x']);
        await store.remove('a/y');
        expect(await store.list()).toEqual(['a/b', 'b/x']);
        expect(await store.load('a/y')).toBeNull();
      }),
    );

    test(
      'what is removed can be created again',
      using(async ({ store }) => {
        await store.save('a/b', 0, recordWith(1));
        await store.remove('a/b');
        await store.remove('a/b');
        await store.save('a/b', 0, recordWith(2));
        expect((await store.load('a/b'))?.version).toBe(1);
      }),
    );

    test(
      'what was saved is there after a restart',
      using(async ({ store, reopened }) => {
        await store.save('a/b', 0, recordWith(4));
        expect(await reopened().load('a/b')).toEqual({ version: 1, record: recordWith(4) });
      }),
    );
  });
}
