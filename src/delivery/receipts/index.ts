/**
 * Receipts: what a decision rests on, read back from the journal. A record has everything that was written about one
 * rollout, a receipt what its numbers would have decided with other bars. Nothing here decides anything.
 */

export { type Crossing, crossingsOf } from './crossings.ts';
export { readRecords, type RolloutRecord } from './rollout-record.ts';
