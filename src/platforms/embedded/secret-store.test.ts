import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createManualClock, systemClock } from '../../kernel/clock.ts';
import { temporaryFolder } from '../../kernel/workspace.ts';
import { openSecretStore } from './secret-store.ts';

const homes: string[] = [];
const freshHome = (): string => {
  const home = temporaryFolder('slipway-secrets-');
  homes.push(home);
  return home;
};
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true });
});

test('the same value of the same name is the same version, in this and in a later life of the home', async () => {
  const home = freshHome();
  const first = await openSecretStore({ home, clock: systemClock }).put({ PASSWORD: 'correct horse', TOKEN: 't0k3n' });
  const second = await openSecretStore({ home, clock: systemClock }).put({ PASSWORD: 'correct horse', TOKEN: 'other' });
  expect(second['PASSWORD']).toBe(first['PASSWORD']);
  expect(second['TOKEN']).not.toBe(first['TOKEN']);
});

test('an id tells neither what the value is nor where else it is used', async () => {
  const one = await openSecretStore({ home: freshHome(), clock: systemClock }).put({
    A: 'same value',
    B: 'same value',
  });
  const other = await openSecretStore({ home: freshHome(), clock: systemClock }).put({ A: 'same value' });
  expect(one['A']).toMatch(/^[0-9a-f]{16}$/);
  expect(new Set([one['A'], one['B'], other['A']]).size).toBe(3);
});

test('values come back as they were put, by the id of their version', async () => {
  const store = openSecretStore({ home: freshHome(), clock: systemClock });
  const values = { KEY: '-----BEGIN\r\nline\n', UMLAUT: 'grün \u{1f511}' };
  const versions = await store.put(values);
  expect(store.read(versions)).toEqual(values);
  expect(Object.values(versions).every((version) => store.has(version))).toBe(true);
  expect([...store.values()].sort()).toEqual(Object.values(values).sort());
  expect(readFileSync(store.pathOf(versions['KEY'] ?? ''), 'utf8')).toBe(values.KEY);
});

test('nobody else may read them, and nothing half written is left', async () => {
  const home = freshHome();
  const versions = await openSecretStore({ home, clock: systemClock }).put({ PASSWORD: 'correct horse' });
  const folder = join(home, 'secrets');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const names = readdirSync(folder);
  expect(names.sort()).toEqual([...Object.values(versions), 'key'].sort());
  for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test('an empty secret is refused and nothing of its call is kept', async () => {
  const home = freshHome();
  const store = openSecretStore({ home, clock: systemClock });
  await expect(store.put({ GOOD: 'value', EMPTY: '' })).rejects.toMatchObject({
    code: 'embedded/secret-empty',
    message: 'The secret EMPTY is empty.',
  });
  expect(store.values()).toEqual([]);
});

test('a version that is not kept is named, and one that is no id is never a path', async () => {
  const store = openSecretStore({ home: freshHome(), clock: systemClock });
  const versions = await store.put({ HERE: 'value' });
  expect(() => store.read({ ...versions, GONE: '0123456789abcdef' })).toThrow('the version of GONE');
  expect(store.has('../secrets/key')).toBe(false);
  expect(() => store.pathOf('../../key')).toThrow('not the id');
});

test('what no release names goes, but for what was put just now', async () => {
  const clock = createManualClock(Date.now());
  const store = openSecretStore({ home: freshHome(), clock });
  const { A: old = '' } = await store.put({ A: 'first' });
  const { A: named = '' } = await store.put({ A: 'second' });
  const { A: again = '' } = await store.put({ A: 'third' });
  store.prune([]);
  expect([old, named, again].every((version) => store.has(version))).toBe(true);
  await clock.advance(11 * 60_000);
  await store.put({ A: 'third' });
  store.prune([named]);
  expect([old, named, again].map((version) => store.has(version))).toEqual([false, true, true]);
});

test('those who come first at once agree on the key', async () => {
  const home = freshHome();
  const all = await Promise.all(
    Array.from({ length: 8 }, () => openSecretStore({ home, clock: systemClock }).put({ A: 'value' })),
  );
  expect(new Set(all.map(({ A }) => A)).size).toBe(1);
});
