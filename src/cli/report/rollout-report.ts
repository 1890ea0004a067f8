/** An environment and its rollouts as text: the split, the evidence, what is waited for. */

import { formatDuration, formatShare } from '../../kernel/quantity.ts';
import type { Counted, EnvironmentView, RolloutView } from '../../delivery/index.ts';
import { harmless, table, type Terminal } from '../terminal.ts';
import { evidenceBar } from './evidence-bar.ts';

/** Bar of the present split: `#3 ███████████████████░ #4`, with shares. */
export function splitBar(view: EnvironmentView, terminal: Terminal, width = 40): string {
  const { now } = view;
  if (now === null) return '';
  const shares = Object.entries(now.shares).map(([release, share]) => ({ release: Number(release), share }));
  if (shares.length === 0) return terminal.style('dim', `${'·'.repeat(width)} nothing is exposed`);
  const candidate = shares.find(({ release }) => release === now.candidate);
  // A share that is there is seen, however small.
  const cells = candidate === undefined || candidate.share === 0 ? 0 : Math.max(1, Math.round(candidate.share * width));
  const rest = width - cells;
  const legend = shares
    .filter(({ share }) => share > 0)
    .map(({ release, share }) => `#${release} ${formatShare(share)}`)
    .join('  ');
  return `${terminal.style('green', '█'.repeat(rest))}${terminal.style('yellow', '▒'.repeat(cells))} ${legend}`;
}

export function countsLine(counted: Counted, rollout: RolloutView): string {
  const { candidate, stable } = counted;
  const of = (release: number | null, { requests, bad }: Counted['stable']): string =>
    release === null ? '' : `#${release}: ${bad} bad of ${requests}`;
  // Of a judge step that compares nothing, what stable did not get is no news.
  const beside = stable.requests === 0 && candidate.requests > 0 ? null : rollout.started.stable;
  return [of(rollout.started.candidate, candidate), of(beside, stable)].filter(Boolean).join(' · ');
}

/** The whole status of one environment. `now` is wall time. */
export function environmentReport(view: EnvironmentView, now: number, terminal: Terminal): string {
  const state = view.now;
  if (state === null) return `${view.key}: nothing has happened yet`;
  const last = view.rollouts.at(-1);
  const phase = terminal.style(PHASE_STYLE[state.phase], state.phase);
  const reason = state.reason === null ? '' : ` (${state.reason})`;
  const well = state.blocked === undefined && view.trouble === null;
  const stuck = well ? '' : terminal.style('red', ', but not all can be done');
  const lines = [`${terminal.style('bold', view.key)}  ${phase}${reason}${stuck}`];
  lines.push(`  ${splitBar(view, terminal)}`);
  const rows = Object.entries(state.wanted).map(([number, wanted]) => {
    const release = view.releases[Number(number)];
    const role = roleOf(Number(number), state);
    const commit = release?.revision?.commit.slice(0, 8) ?? '';
    return [
      `  #${number}`,
      role,
      `${state.ready[Number(number)] ?? 0} of ${wanted} ready`,
      release?.content.image.slice(7, 19) ?? '',
      commit,
    ];
  });
  if (rows.length > 0) lines.push(table(rows));
  if (last !== undefined && last.ended === null) {
    lines.push(...approvalLines(last), ...gateLines(last, terminal));
    if (state.reason !== 'approval') lines.push(...progressLines(last, terminal));
  }
  lines.push(`  ${state.because === '' ? '' : harmless(state.because)}`.trimEnd());
  if (view.trouble !== null) lines.push(...troubleLines(view.trouble, { now, terminal }));
  for (const one of state.blocked ?? []) lines.push(...blockedLines(one, last, { now, terminal }));
  if (state.wait !== null) {
    const age = last === undefined ? 0 : now - last.ahead - state.wait.since;
    lines.push(terminal.style('dim', `  ${waitText(view.key, state.wait, age)}`));
  }
  if (state.guard !== null) lines.push(guardLine(state.guard, last, { now, terminal }));
  if (state.queued !== null) lines.push(`  #${state.queued} waits and is rolled out when this one has ended`);
  return lines.filter((line) => line !== '').join('\n');
}

type State = NonNullable<EnvironmentView['now']>;

function roleOf(release: number, { stable, candidate, guard, leaving }: State): string {
  if (release === stable) return 'stable';
  if (release === candidate) return 'candidate';
  if (release === guard?.control) return 'control';
  return leaving.includes(release) ? 'leaving' : 'warm';
}

/** How long it is waited for, how long that has been (in whole seconds, of `age`), and the one command that ends it. */
function waitText(key: string, { until, since, command }: NonNullable<State['wait']>, age: number): string {
  const limit = until === null ? 'until a person decides' : `for at most ${formatDuration(until - since)}`;
  const seconds = Math.min(Math.floor(age / 1000) * 1000, until === null ? Infinity : until - since);
  const sofar = seconds < 1000 ? '' : ` (${formatDuration(seconds)} so far)`;
  const environment = key.slice(key.indexOf('/') + 1);
  return `waits ${limit}${sofar}${command === null ? '' : `; "${command} ${environment}" ends it`}`;
}

function approvalLines({ approvals }: RolloutView): readonly string[] {
  return approvals.map(({ by, groups, authenticated, gate, count, needed }) => {
    const of = groups.length === 0 ? '' : ` of ${groups.join(', ')}`;
    const unsure = gate === true ? ' (the host vouches, not Slipway)' : ' (recorded, not authenticated)';
    const sure = authenticated ? '' : unsure;
    return `  ${harmless(`approved by ${by}${of}`)}${sure}, ${count} of ${needed}`;
  });
}

const GATE_MARK = { passed: ['green', '✔'], failed: ['red', '✘'], error: ['yellow', '?'] } as const;

/** The last run of each gate. */
function gateLines({ gates }: RolloutView, terminal: Terminal): readonly string[] {
  const last = new Map(gates.map((gate) => [gate.gate, gate]));
  return [...last.values()].map(({ gate, result, summary }) => {
    const [style, mark] = GATE_MARK[result];
    return `  ${terminal.style(style, mark)} ${gate}  ${harmless(summary)}`;
  });
}

/** What can't be done, for how long already, why, and what to do. */
function blockedLines(
  { what, since, message, hint }: NonNullable<State['blocked']>[number],
  last: RolloutView | undefined,
  { now, terminal }: Showing,
): readonly string[] {
  const seconds = last === undefined ? 0 : Math.floor((now - last.ahead - since) / 1000);
  const age = seconds < 1 ? '' : ` (for ${formatDuration(seconds * 1000)})`;
  const why = `  ${terminal.style('red', '✘')} can't ${what}${age}: ${harmless(message)}`;
  return hint === null ? [why] : [why, terminal.style('dim', `    ${harmless(hint)}`)];
}

/** What keeps the agent from looking and driving, since when, and what to do. */
function troubleLines(
  { message, hint, at }: NonNullable<EnvironmentView['trouble']>,
  { now, terminal }: Showing,
): readonly string[] {
  const seconds = Math.floor((now - at) / 1000);
  const age = seconds < 1 ? '' : `for ${formatDuration(seconds * 1000)}: `;
  const why = `  ${terminal.style('red', '✘')} ${age}${harmless(message)}`;
  return hint === undefined ? [why] : [why, terminal.style('dim', `    ${harmless(hint)}`)];
}

interface Showing {
  /** Wall time. */
  readonly now: number;
  readonly terminal: Terminal;
}

/** The guard counts from the promotion, in the time of the engine; people have the wall's. */
function guardLine(
  { control, since, until }: NonNullable<State['guard']>,
  last: RolloutView | undefined,
  { now, terminal }: Showing,
): string {
  const left = until - since - Math.max(0, now - (last?.ended?.wall ?? now));
  const counted = last === undefined ? '' : `; ${countsLine(last.counted, last)}`;
  return terminal.style('dim', `  guarded for another ${ageOf(left)}, with #${control} as control${counted}`);
}

function ageOf(milliseconds: number): string {
  return formatDuration(Math.max(0, milliseconds));
}

const PHASE_STYLE = { healthy: 'green', progressing: 'cyan', paused: 'yellow', aborted: 'red' } as const;

/** Evidence of a rollout that is under way. The bars are α and β of the defaults when nothing was decided yet. */
function progressLines(rollout: RolloutView, terminal: Terminal): readonly string[] {
  const look = rollout.lastLook;
  if (look === null) return ['  no request has reached the candidate yet'];
  // A judge step with evidence of its own is what decides while it lasts.
  const { own } = look;
  const { abort, promote, slo, bars } = own ?? look;
  const counts = countsLine((own === undefined ? null : rollout.ownCounted) ?? rollout.counted, rollout);
  // In a rolling plan no judge acts: how strong the evidence is would look like a promise.
  if (rollout.started.strategy === 'rolling') return [`  ${counts}`];
  return [
    `  ${counts}`,
    `  ${evidenceBar('worse  ', { e: abort, bar: bars.abort }, terminal)}`,
    `  ${evidenceBar('as good', { e: Math.max(promote, slo), bar: bars.promote }, terminal)}`,
  ];
}

/** One line per rollout, the newest first. */
export function historyReport(view: EnvironmentView, terminal: Terminal): string {
  const rows = view.rollouts.toReversed().map((rollout) => {
    const { started, ended } = rollout;
    const outcome = ended?.outcome ?? 'under way';
    const took = ended === null ? '' : formatDuration(ended.duration);
    return [
      started.rollout,
      `${new Date(rollout.startedAt).toISOString().slice(0, 19)}Z`,
      started.stable === null ? `first → #${started.candidate}` : `#${started.stable} → #${started.candidate}`,
      terminal.style(outcome === 'aborted' ? 'red' : outcome === 'promoted' ? 'green' : 'yellow', outcome),
      took,
      started.commit?.slice(0, 8) ?? '',
      harmless(ended?.because ?? ''),
    ];
  });
  return rows.length === 0 ? `${view.key}: no rollout yet` : table(rows);
}
