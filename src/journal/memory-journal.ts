/** The journal of a rehearsal: in memory, gone with the process. */

import type { Clock } from '../kernel/clock.ts';
import type { Entry, EntryQuery, Journal } from './journal.ts';

export function createMemoryJournal(clock: Clock): Journal {
  const entries: Entry[] = [];
  const keys = new Set<string>();
  const listeners = new Set<() => void>();

  const read = (query: EntryQuery = {}): readonly Entry[] => {
    const { after = 0, subject, kinds, limit } = query;
    const found = entries.filter(
      (entry) =>
        entry.seq > after &&
        (subject === undefined || entry.subject === subject || entry.subject.startsWith(`${subject}/`)) &&
        (kinds === undefined || kinds.includes(entry.kind)),
    );
    if (limit === undefined) return found;
    return query.newest ? found.slice(Math.max(0, found.length - limit)) : found.slice(0, limit);
  };

  return {
    append(drafts) {
      const written: Entry[] = [];
      for (const draft of drafts) {
        if (draft.key !== undefined) {
          if (keys.has(draft.key)) continue;
          keys.add(draft.key);
        }
        const entry = { ...draft, seq: entries.length + 1, at: draft.at ?? clock.wall() };
        entries.push(entry);
        written.push(entry);
      }
      for (const wake of listeners) wake();
      return written;
    },
    read,
    subscribe(after, listener) {
      let last = after;
      const pump = (): void => {
        const fresh = read({ after: last });
        const newest = fresh.at(-1);
        if (newest === undefined) return;
        last = newest.seq;
        listener(fresh);
      };
      listeners.add(pump);
      pump();
      return () => listeners.delete(pump);
    },
    close() {
      listeners.clear();
    },
  };
}
