import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createManualClock } from '../kernel/clock.ts';
import { temporaryFolder } from '../kernel/workspace.ts';
import { createMemoryJournal, type Entry, type Journal, openSqliteJournal } from './index.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const implementations: readonly [string, () => Journal][] = [
  [
    'SQLite',
    () => {
      const folder = temporaryFolder();
      folders.push(folder);
      return openSqliteJournal({ path: join(folder, 'slipway.db'), clock: createManualClock(1000) });
    },
  ],
  ['memory', () => createMemoryJournal(createManualClock(1000))],
];

describe.each(implementations)('the %s journal', (_name, open) => {
  const draft = (kind: string, subject = 'herald/local') => ({ kind, subject, data: { n: 1 } });

  test('numbers entries without gaps and gives them back in order', () => {
    const journal = open();
    journal.append([draft('a'), draft('b')]);
    journal.append([draft('c')]);
    expect(journal.read().map(({ seq, kind, at }) => [seq, kind, at])).toEqual([
      [1, 'a', 1000],
      [2, 'b', 1000],
      [3, 'c', 1000],
    ]);
    journal.close();
  });

  test('writes an entry with a known key only once, and numbers the next one without a gap in order', () => {
    const journal = open();
    expect(journal.append([{ ...draft('a'), key: 'k' }])).toHaveLength(1);
    expect(journal.append([{ ...draft('a'), key: 'k' }, draft('b')]).map(({ kind }) => kind)).toEqual(['b']);
    expect(journal.read().map(({ kind }) => kind)).toEqual(['a', 'b']);
    journal.close();
  });

  test('what happened elsewhere keeps its time', () => {
    const journal = open();
    journal.append([{ ...draft('a'), key: 'k', at: 400 }, draft('b')]);
    expect(journal.read().map(({ seq, at }) => [seq, at])).toEqual([
      [1, 400],
      [2, 1000],
    ]);
    journal.close();
  });

  test('finds by subject and below it, but not by mere prefix', () => {
    const journal = open();
    journal.append([draft('a', 'herald'), draft('b', 'herald/local'), draft('c', 'heralds'), draft('d', 'herald0')]);
    expect(journal.read({ subject: 'herald' }).map(({ kind }) => kind)).toEqual(['a', 'b']);
    journal.close();
  });

  test('gives the newest entries in ascending order', () => {
    const journal = open();
    journal.append([draft('a'), draft('b'), draft('c')]);
    expect(journal.read({ limit: 2, newest: true }).map(({ kind }) => kind)).toEqual(['b', 'c']);
    expect(journal.read({ limit: 2 }).map(({ kind }) => kind)).toEqual(['a', 'b']);
    journal.close();
  });

  test('a subscriber that joins late loses nothing and sees nothing twice', () => {
    const journal = open();
    journal.append([draft('a'), draft('b')]);
    const seen: Entry[] = [];
    const end = journal.subscribe(1, (entries) => seen.push(...entries));
    journal.append([draft('c')]);
    end();
    journal.append([draft('d')]);
    expect(seen.map(({ kind }) => kind)).toEqual(['b', 'c']);
    journal.close();
  });
});

test('entries of another process reach a subscriber, and survive reopening', async () => {
  const folder = temporaryFolder();
  folders.push(folder);
  const path = join(folder, 'slipway.db');
  const options = { path, clock: createManualClock(5), pollEvery: 5 };
  const [first, second] = [openSqliteJournal(options), openSqliteJournal(options)];
  const arrived = new Promise<readonly Entry[]>((resolve) => first.subscribe(0, resolve));
  second.append([{ kind: 'a', subject: 's', data: null }]);
  expect((await arrived).map(({ kind }) => kind)).toEqual(['a']);
  first.close();
  second.close();
  const third = openSqliteJournal(options);
  expect(third.read()).toHaveLength(1);
  third.close();
});
