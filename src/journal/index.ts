/**
 * The journal: the append-only record of everything that happened. Generic over entries; it knows no domain word and
 * calls nobody: whoever wants to know reads or subscribes.
 */

export type { Entry, EntryDraft, EntryQuery, Journal } from './journal.ts';
export { openSqliteJournal, type SqliteJournalOptions } from './sqlite-journal.ts';
export { createMemoryJournal } from './memory-journal.ts';
