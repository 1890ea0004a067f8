/**
 * Files by content: `objects/ab/cdef…`, with `.x` appended when executable, read-only, written under another name and
 * renamed. Several processes may use one store: the last rename wins, and what it replaces is the same.
 */

import {
  type BigIntStats,
  chmodSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { type Digest, hexOf, sha256, sha256FileSync } from '../kernel/digest.ts';
import { failpoint } from '../kernel/failpoint.ts';
import { systemCodeOf } from '../kernel/fault.ts';
import { readIfThere } from '../kernel/workspace.ts';
import { randomIdentifier } from '../kernel/random.ts';
import { isSettled, signatureOf } from './stat-signature.ts';

export type StoredFile = {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly executable: boolean;
};

export interface ObjectStore {
  /** Absolute, whether it is there or not. */
  pathOf(file: StoredFile): string;
  /** Moves the file at `source` (on the same file system) into the store. */
  put(source: string): StoredFile;
  putText(text: string): Digest;
  /** The text, or `undefined` when it is not there or not what its name says. */
  readText(digest: Digest): string | undefined;
  /**
   * Whether the object is there and is what its name says; one that is not is removed. A large one that is untouched
   * since it was last read is not read again.
   */
  verify(file: StoredFile): 'sound' | 'missing' | 'damaged';
  /** Makes `target` the object itself (a hard link; a copy where the file system can't). */
  expose(file: StoredFile, target: string): void;
  /** Whether `path` is the object itself (by inode), or else a file with its content. */
  isExposedAt(file: StoredFile, path: string): boolean;
}

/** Up to this size reading is as cheap as looking up whether reading is needed. */
const ALWAYS_READ = 16_384;

/** Every object has this modification time, so that no output depends on when its inputs were made. */
const OBJECT_TIME = 315_532_800;

/** An object that is used again is given a new change time after this long, which keeps it from being pruned. */
const REFRESH_AFTER = 3_600_000;

export function createObjectStore({ folder, clock }: { folder: string; clock: Clock }): ObjectStore {
  const pathOf = (file: StoredFile): string => join(folder, 'objects', objectName(file));
  const evidencePath = (object: string): string => join(folder, 'verified', object.slice(folder.length + 9));

  /** Whether the object has been read, or written by us, and not been touched since. */
  const isTrusted = (object: string, stats: BigIntStats): boolean =>
    stats.size > ALWAYS_READ && readIfThere(evidencePath(object)) === signatureOf(stats);

  // Written in place: a torn or lost one is not equal to any signature, which costs one more reading.
  const trust = (object: string): void => {
    const stats = lstatSync(object, { bigint: true });
    if (stats.size <= ALWAYS_READ) return;
    mkdirSync(dirname(evidencePath(object)), { recursive: true });
    writeFileSync(evidencePath(object), signatureOf(stats));
  };

  const verify = (file: StoredFile): 'sound' | 'missing' | 'damaged' => {
    const object = pathOf(file);
    const stats = statIfThere(object);
    if (stats === undefined) return 'missing';
    if (isTrusted(object, stats) && isShaped(stats, file)) return 'sound';
    const now = clock.wall();
    if (isShaped(stats, file) && sha256FileSync(object) === file.digest) {
      if (isSettled(stats, now)) trust(object);
      return 'sound';
    }
    rmSync(object, { recursive: true, force: true });
    return 'damaged';
  };

  const place = (temporary: string, file: StoredFile): void => {
    const object = pathOf(file);
    if (verify(file) === 'sound') {
      rmSync(temporary);
      refresh(object);
      return;
    }
    chmodSync(temporary, file.executable ? 0o555 : 0o444);
    utimesSync(temporary, OBJECT_TIME, OBJECT_TIME);
    mkdirSync(dirname(object), { recursive: true });
    renameSync(temporary, object);
    failpoint('pipeline/object-placed');
    trust(object);
  };

  const refresh = (object: string): void => {
    const stats = lstatSync(object, { bigint: true });
    if (clock.wall() - Number(stats.ctimeNs / 1_000_000n) < REFRESH_AFTER) return;
    const trusted = isTrusted(object, stats);
    utimesSync(object, OBJECT_TIME, OBJECT_TIME);
    if (trusted) trust(object);
  };

  const temporaryPath = (): string => {
    mkdirSync(join(folder, 'incoming'), { recursive: true });
    return join(folder, 'incoming', `${process.pid}-${randomIdentifier(12)}`);
  };

  return {
    pathOf,
    verify,
    put(source) {
      const temporary = temporaryPath();
      const stats = lstatSync(source);
      // A file with a second name elsewhere could still be written through that name.
      if (stats.nlink > 1) copyFileSync(source, temporary, constants.COPYFILE_FICLONE);
      else renameSync(source, temporary);
      const file = { digest: sha256FileSync(temporary), size: stats.size, executable: (stats.mode & 0o100) !== 0 };
      place(temporary, file);
      return file;
    },
    putText(text) {
      const file = { digest: sha256(text), size: Buffer.byteLength(text), executable: false };
      const temporary = temporaryPath();
      writeFileSync(temporary, text);
      place(temporary, file);
      return file.digest;
    },
    readText(digest) {
      const text = readIfThere(pathOf({ digest, size: 0, executable: false }));
      return text !== undefined && sha256(text) === digest ? text : undefined;
    },
    expose(file, target) {
      const object = pathOf(file);
      const trusted = isTrusted(object, lstatSync(object, { bigint: true }));
      try {
        linkSync(object, target);
        // The new name has changed the change time, and nothing else has.
        if (trusted) trust(object);
      } catch (error) {
        if (systemCodeOf(error) === 'EEXIST' || systemCodeOf(error) === 'ENOENT') throw error;
        copyFileSync(object, target, constants.COPYFILE_FICLONE);
        utimesSync(target, OBJECT_TIME, OBJECT_TIME);
      }
    },
    isExposedAt(file, path) {
      const [object, exposed] = [statIfThere(pathOf(file)), statIfThere(path)];
      if (object === undefined || exposed === undefined) return false;
      if (object.ino === exposed.ino && object.dev === exposed.dev) return true;
      return isShaped(exposed, file) && sha256FileSync(path) === file.digest;
    },
  };
}

/** The object's path below `objects/`: `ab/cdef…`, with `.x` appended when executable. */
export function objectName({ digest, executable }: Omit<StoredFile, 'size'>): string {
  const hex = hexOf(digest);
  return `${hex.slice(0, 2)}/${hex.slice(2)}${executable ? '.x' : ''}`;
}

function isShaped(stats: BigIntStats, file: StoredFile): boolean {
  return (
    stats.isFile() && stats.size === BigInt(file.size) && (stats.mode & 0o111n) === (file.executable ? 0o111n : 0n)
  );
}

function statIfThere(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}
