/**
 * Versions of secrets, kept in the home: the one place where their values are. Releases, the journal, saved states and
 * the configurations of replicas name a version by an id that tells nothing of the value.
 */

import { createHmac } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import { systemCodeOf } from '../../kernel/fault.ts';
import { fillRandom, randomIdentifier } from '../../kernel/random.ts';
import { namesIn, readIfThere, writeFileAtomic } from '../../kernel/workspace.ts';
import { embeddedFault } from './embedded-fault.ts';

/** Name of a secret → id of a version or, where it says so, its value. */
export type ByName = Readonly<Record<string, string>>;

export interface SecretStore {
  /**
   * Keeps the values (name → value) and answers with the version ids (name → id). The same value of the same name has
   * the same id for as long as the home's key is there. Durable when it resolves; all of them or a Fault.
   *
   * @throws Fault `embedded/secret-empty`.
   */
  put(values: ByName): Promise<ByName>;
  /**
   * Name → value for name → version id.
   *
   * @throws Fault `embedded/secret-missing` naming those of which the version is not kept.
   */
  read(versions: ByName): ByName;
  has(version: string): boolean;
  /** The file that holds a version's value and nothing else, for a replica to read. */
  pathOf(version: string): string;
  /** Every value that is kept: what must not be shown. */
  values(): readonly string[];
  /** Removes the versions that are not among `named`, but for those that were put just now: their release is not made yet. */
  prune(named: Iterable<string>): void;
}

export interface SecretStoreOptions {
  readonly home: string;
  readonly clock: Pick<Clock, 'wall'>;
}

/** A deployment has taken up or refused what it put long before this is over. */
const PUT_JUST_NOW = 10 * 60_000;

/** 64 bits: of one name there are few versions. */
const ID = /^[0-9a-f]{16}$/;

/** Nothing is written before the first `put`. */
export function openSecretStore({ home, clock }: SecretStoreOptions): SecretStore {
  const folder = join(home, 'secrets');
  const pathOf = (version: string): string => {
    if (!ID.test(version)) throw new Error('not the id of a version of a secret');
    return join(folder, version);
  };
  const has = (version: string): boolean =>
    ID.test(version) && statSync(pathOf(version), { throwIfNoEntry: false }) !== undefined;

  const keep = (version: string, value: string): void => {
    const now = clock.wall() / 1000;
    if (has(version)) utimesSync(pathOf(version), now, now);
    else writeFileAtomic(pathOf(version), value, 0o600);
  };

  return {
    async put(values) {
      const entries = Object.entries(values);
      const [empty] = entries.find(([, value]) => value === '') ?? [];
      if (empty !== undefined) throw emptySecret(empty);
      if (entries.length === 0) return {};
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const key = keyIn(folder);
      const versions = entries.map(([name, value]) => [name, versionOf(key, name, value), value] as const);
      for (const [, version, value] of versions) keep(version, value);
      return Object.fromEntries(versions.map(([name, version]) => [name, version]));
    },
    read(versions) {
      const lost = Object.keys(versions).filter((name) => !has(versions[name] ?? ''));
      if (lost.length > 0) throw missingSecrets(lost);
      return Object.fromEntries(
        Object.entries(versions).map(([name, version]) => [name, readFileSync(pathOf(version), 'utf8')]),
      );
    },
    has,
    pathOf,
    values: () => versionsIn(folder).flatMap((version) => readIfThere(join(folder, version)) ?? []),
    prune(named) {
      const kept = new Set(named);
      const before = clock.wall() - PUT_JUST_NOW;
      for (const version of versionsIn(folder)) {
        const path = join(folder, version);
        if (!kept.has(version) && statSync(path).mtimeMs < before) rmSync(path, { force: true });
      }
    },
  };
}

function versionsIn(folder: string): readonly string[] {
  return namesIn(folder).filter((name) => ID.test(name));
}

/** The key of the home, made when there is none: whoever comes first makes it, the others take that one. */
function keyIn(folder: string): Buffer {
  const path = join(folder, 'key');
  const present = readIfThere(path);
  if (present !== undefined) return Buffer.from(present, 'hex');
  const temporary = `${path}.${randomIdentifier(8)}.tmp`;
  const fresh = Buffer.from(fillRandom(new Uint8Array(32))).toString('hex');
  try {
    writeFileSync(temporary, fresh, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(temporary, path);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  return Buffer.from(readFileSync(path, 'utf8'), 'hex');
}

/** Keyed, so that nobody can try values against it; with the name, so that it does not tell which secrets are the same. */
function versionOf(key: Buffer, name: string, value: string): string {
  return createHmac('sha256', key).update(`${name}\0`).update(value).digest('hex').slice(0, 16);
}

function emptySecret(name: string): Error {
  return embeddedFault({
    code: 'embedded/secret-empty',
    kind: 'usage',
    message: `The secret ${name} is empty.`,
    hint: 'Give it a value, or take it out of `secrets`.',
  });
}

function missingSecrets(names: readonly string[]): Error {
  return embeddedFault({
    code: 'embedded/secret-missing',
    kind: 'refused',
    message: `This home has no longer the version of ${names.join(', ')} that the release names.`,
    hint: 'Deploy again with the secrets as they are now.',
  });
}
