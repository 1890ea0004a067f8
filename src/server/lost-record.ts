/** An environment that lives on as far as the journal knows, and of which there is no record any more. */

import type { Journal } from '../journal/index.ts';
import { Fault } from '../kernel/fault.ts';

/** Whether the last that was told of it is not that it is gone. */
export function livesOn(key: string, journal: Pick<Journal, 'read'>): boolean {
  const kinds = ['environment.changed', 'environment.gone'];
  return journal.read({ subject: key, kinds, newest: true, limit: 1 })[0]?.kind === 'environment.changed';
}

export function lostRecord(key: string): Fault<'agent/lost-record'> {
  return new Fault({
    code: 'agent/lost-record',
    kind: 'refused',
    message: `There is no record of ${key} any more where it lives: somebody has deleted it, or another machine has removed the environment. Nobody drives it, and what is told of it is old.`,
    hint: 'Restore the record from a backup (on a cluster it is a ConfigMap), or deploy anew, when it should go on.',
  });
}
