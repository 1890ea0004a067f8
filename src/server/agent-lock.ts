/** One agent per home: a lock that the system lets go of when its holder dies, however it dies. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault, messageOf } from '../kernel/fault.ts';

/**
 * Takes the home for this process until `release`, by an exclusive transaction on `agent.lock` (SQLite holds a lock of
 * the operating system for it, which ends with the process).
 *
 * @throws Fault `agent/already-running` when another agent has it.
 */
export function takeAgentLock(home: string): { release(): void } {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(home, 'agent.lock'));
  try {
    database.exec('pragma busy_timeout = 0; begin exclusive');
  } catch (error) {
    database.close();
    if (!messageOf(error).includes('locked')) throw error;
    throw new Fault({
      code: 'agent/already-running',
      kind: 'refused',
      message: `Another agent drives the home ${home}.`,
      hint: 'Use it, end it with "slipway down --agent", or choose another home by SLIPWAY_HOME.',
      cause: error,
    });
  }
  return { release: () => database.close() };
}
