/** What becomes of a command: done, nothing to do, or refused with a reason and what to do instead. */

import type { EnvironmentState } from './engine-state.ts';
import type { Turn } from './turn.ts';

export type CommandResult =
  | { readonly kind: 'done'; readonly turn: Turn; readonly answer: string }
  /** Nothing was to be done, and that is fine. */
  | { readonly kind: 'unchanged'; readonly answer: string }
  | Refused;

export interface Refused {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly message: string;
  readonly hint: string;
}

export type RefusalCode =
  | 'delivery/nothing-under-way'
  | 'delivery/not-paused'
  | 'delivery/no-such-release'
  | 'delivery/aborted-before'
  | 'delivery/proven-bad'
  | 'delivery/rollout-under-way'
  | 'delivery/cannot-run'
  | 'delivery/not-approved'
  | 'delivery/not-an-approver'
  | 'delivery/another-release'
  | 'delivery/no-approval-asked'
  | 'delivery/removed';

export function done(turn: Turn, answer: string): CommandResult {
  return { kind: 'done', turn, answer };
}

export function unchanged(answer: string): CommandResult {
  return { kind: 'unchanged', answer };
}

export function refused(code: RefusalCode, message: string, hint: string): Refused {
  return { kind: 'refused', code, message, hint };
}

export function nothingUnderWay(state: EnvironmentState, verb: string): Refused {
  const message = `No rollout is under way in ${state.key}, so there is nothing to ${verb}.`;
  return refused('delivery/nothing-under-way', message, 'See "slipway status".');
}
