/** The log file of one task that runs. */

import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface TaskLog {
  readonly path: string;
  write(piece: string): void;
  /** Writes on a line of its own. */
  note(line: string): void;
  close(): void;
}

/** `logs/RUN/check/format.log`. Written at once, piece by piece, so that a crash loses nothing. */
export function openTaskLog(logs: string, run: string, task: string): TaskLog {
  const path = join(logs, run, `${task}.log`);
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'w');
  let open = true;
  let atLineStart = true;
  const write = (piece: string): void => {
    if (!open || piece === '') return;
    writeSync(file, piece);
    atLineStart = piece.endsWith('\n');
  };
  return {
    path,
    write,
    note(line) {
      write(`${atLineStart ? '' : '\n'}${line}\n`);
    },
    close() {
      if (open) closeSync(file);
      open = false;
    },
  };
}
