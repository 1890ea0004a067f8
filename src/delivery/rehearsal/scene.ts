/** What there is to see of a rehearsal at one instant: a row of its timeline, and what expectations are read against. */

import type { EnvironmentState, Outcome } from '../engine-state.ts';
import type { Observation } from '../observation.ts';
import { activeRollout, phaseOf } from '../turn.ts';
import type { Cast } from './cast.ts';
import type { Expectation, Range } from './rehearsal.ts';
import type { TimelineRow } from './rehearsal-result.ts';

/** `at` in milliseconds after the start. */
export function rowOf(
  at: number,
  state: EnvironmentState,
  scene: { cast: Cast; observation: Observation },
): TimelineRow {
  const { cast, observation } = scene;
  const traffic: Record<string, number> = {};
  for (const [release, share] of Object.entries(observation.traffic ?? {})) {
    traffic[cast.labelOf(state, Number(release))] = share;
  }
  const ready: Record<string, number> = {};
  for (const [release, status] of Object.entries(observation.releases)) {
    ready[cast.labelOf(state, Number(release))] = status.ready;
  }
  const rollout = activeRollout(state);
  return { at, phase: phaseOf(state), reason: rollout?.reason ?? null, step: rollout?.step ?? null, traffic, ready };
}

export interface Sight {
  readonly row: TimelineRow;
  readonly stable: string | null;
  readonly candidate: string | null;
  /** Of the rollout that ended last. */
  readonly outcome: Outcome | null;
  readonly queued: string | null;
  readonly approvals: number;
  readonly mirror: number;
  readonly match: string | null;
  readonly command: string | null;
  readonly refused: string | null;
  readonly errors: number;
  readonly unserved: number;
  readonly moves: number;
  readonly requests: Readonly<Record<string, number>>;
}

/** Every difference between what was expected and what is so, in words. */
export function differences(expected: Expectation, sight: Sight): readonly string[] {
  const { row, command } = sight;
  const found: string[] = [];
  const compare = (what: string, wanted: string | undefined, is: string | null): void => {
    if (wanted !== undefined && wanted !== is) found.push(`${what} is ${is ?? 'none'}, expected ${wanted}`);
  };
  const measure = (what: string, wanted: Range | undefined, is: { value: number | null; as: Form }): void => {
    if (wanted === undefined || within(is.value, wanted)) return;
    found.push(`${what} is ${is.value === null ? 'none' : is.as(is.value)}, expected ${said(wanted, is.as)}`);
  };
  compare('phase', expected.phase, row.phase);
  compare('reason', expected.reason, row.reason);
  for (const who of ['stable', 'candidate', 'queued', 'match'] as const) {
    compare(who, expected[who], withoutNumber(sight[who]));
  }
  compare('outcome', expected.outcome, sight.outcome);
  compare('the last refusal', expected.refused, sight.refused);
  if (expected.command !== undefined && !command?.startsWith(expected.command)) {
    found.push(`the command is ${command ?? 'none'}, expected ${expected.command}`);
  }
  measure('step', expected.step, { value: row.step, as: String });
  measure('mirror', expected.mirror, { value: sight.mirror, as: percent });
  for (const what of ['approvals', 'errors', 'unserved', 'moves'] as const) {
    measure(what, expected[what], { value: sight[what], as: String });
  }
  const each = (
    of: 'traffic' | 'ready' | 'requests',
    is: Sums,
    text: (name: string, value: string) => string,
  ): void => {
    const form = of === 'traffic' ? percent : String;
    for (const [name, range] of Object.entries(expected[of] ?? {})) {
      const value = sumOf(is, name);
      if (!within(value, range)) found.push(`${text(name, form(value))}, expected ${said(range, form)}`);
    }
  };
  each('traffic', row.traffic, (name, share) => `${name} gets ${share}`);
  each('ready', row.ready, (name, count) => `${name} has ${count} ready`);
  each('requests', sight.requests, (name, count) => `${name} has answered ${count} requests`);
  return found;
}

/** All releases of one name together: expectations know no numbers. */
function sumOf(values: Sums, name: string): number {
  return Object.entries(values).reduce((sum, [label, value]) => (withoutNumber(label) === name ? sum + value : sum), 0);
}

function withoutNumber(label: string | null): string | null {
  return label === null ? null : label.replace(/#\d+$/, '');
}

function within(value: number | null, { from, to }: Range): boolean {
  return value !== null && value >= from - 1e-9 && value <= to + 1e-9;
}

type Form = (value: number) => string;
type Sums = Readonly<Record<string, number>>;

function said({ from, to }: Range, form: Form): string {
  return from === to ? form(from) : `${form(from)} to ${form(to)}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}
