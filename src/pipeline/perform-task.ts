/** Runs one task to its end, to its deadline or until it is told to stop. */

import type { Clock } from '../kernel/clock.ts';
import type { Json } from '../kernel/digest.ts';
import { Fault } from '../kernel/fault.ts';
import { formatDuration } from '../kernel/quantity.ts';
import type { TaskFailed } from './events.ts';
import type { TaskContext, TaskDefinition, TaskOutcome } from './task.ts';

export type Performance =
  | { readonly kind: 'passed'; readonly value: Json; readonly summary: string }
  | ({ readonly kind: 'failed' } & Pick<
      TaskFailed,
      'cause' | 'code' | 'summary' | 'details' | 'hint' | 'findings' | 'value'
    >)
  | { readonly kind: 'cancelled' }
  /** Something was thrown that nobody expected. */
  | { readonly kind: 'bug'; readonly error: unknown };

export interface PerformOptions {
  readonly task: TaskDefinition;
  readonly context: (signal: AbortSignal) => TaskContext;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How long a task that was told to stop may take to do so: subprocesses are killed after two seconds. */
const STOPPING = 10_000;

type Ending = { readonly outcome: TaskOutcome } | { readonly error: unknown } | 'stuck';

/** Never rejects. A task that was told to stop has not passed, whatever it says. */
export async function performTask({ task, context, clock, signal }: PerformOptions): Promise<Performance> {
  const deadline = new AbortController();
  const over = new AbortController();
  const stop = AbortSignal.any([signal, deadline.signal]);
  clock.sleep(task.timeout, over.signal).then(
    () => deadline.abort(),
    () => undefined,
  );
  const ending = await Promise.race([ended(task, context(stop)), stuck(stop, clock, over.signal)]);
  over.abort();
  if (ending !== 'stuck' && 'error' in ending && isBug(ending.error, stop)) return { kind: 'bug', error: ending.error };
  if (signal.aborted) return { kind: 'cancelled' };
  if (ending === 'stuck' || deadline.signal.aborted) return late(task, ending === 'stuck');
  return judged(ending);
}

async function ended(task: TaskDefinition, context: TaskContext): Promise<Ending> {
  try {
    return { outcome: await task.run(context) };
  } catch (error) {
    return { error };
  }
}

/** Resolves when a task that was told to stop has had its time for it. */
function stuck(stop: AbortSignal, clock: Clock, over: AbortSignal): Promise<'stuck'> {
  return new Promise((resolve) => {
    const wait = (): void => {
      clock.sleep(STOPPING, over).then(
        () => resolve('stuck'),
        () => undefined,
      );
    };
    if (stop.aborted) wait();
    else stop.addEventListener('abort', wait, { once: true });
  });
}

/** What a task throws because it was told to stop is neither a `Fault` nor a bug. */
function isBug(error: unknown, stop: AbortSignal): boolean {
  if (error instanceof Fault) return false;
  return !(stop.aborted && (error === stop.reason || (error instanceof Error && error.name === 'AbortError')));
}

const NOTHING_FOUND = { findings: [], value: null } as const;

function late(task: TaskDefinition, stuck: boolean): Performance {
  return {
    kind: 'failed',
    cause: 'timeout',
    code: null,
    summary: `took longer than ${formatDuration(task.timeout)}${stuck ? ' and did not stop when told to' : ''}`,
    details: [],
    hint: 'Read its log for where it stood still.',
    ...NOTHING_FOUND,
  };
}

function judged(ending: Exclude<Ending, 'stuck'>): Performance {
  if ('error' in ending) {
    const { error } = ending;
    if (!(error instanceof Fault)) return { kind: 'bug', error };
    const { code, message: summary, hint } = error;
    return { kind: 'failed', cause: 'fault', code, summary, details: [], hint, ...NOTHING_FOUND };
  }
  const { outcome } = ending;
  if (outcome.kind === 'passed') return outcome;
  const { summary, details, hint = null, findings = [], value = null } = outcome;
  return { kind: 'failed', cause: 'outcome', code: null, summary, details, hint, findings, value };
}
