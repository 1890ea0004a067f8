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
  return [of(rollout.started.candidate, candidate), of(rollout.started.stable, stable)].filter(Boolean).join(' · ');
}

/** The whole status of one environment. `now` is wall time. */
export function environmentReport(view: EnvironmentView, now: number, terminal: Terminal): string {
  const state = view.now;
  if (state === null) return `${view.key}: nothing has happened yet`;
  const last = view.rollouts.at(-1);
  const phase = terminal.style(PHASE_STYLE[state.phase], state.phase);
  const reason = state.reason === null ? '' : ` (${state.reason})`;
  const lines = [`${terminal.style('bold', view.key)}  ${phase}${reason}`];
  lines.push(`  ${splitBar(view, terminal)}`);
  const rows = Object.entries(state.wanted).map(([number, wanted]) => {
    const release = view.releases[Number(number)];
    const role = Number(number) === state.stable ? 'stable' : Number(number) === state.candidate ? 'candidate' : 'warm';
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
  if (last !== undefined && last.ended === null) lines.push(...progressLines(last, terminal));
  lines.push(`  ${state.because === '' ? '' : harmless(state.because)}`.trimEnd());
  if (state.wait !== null) {
    const until =
      state.wait.until === null
        ? 'until a person decides'
        : `for at most ${formatDuration(state.wait.until - state.wait.since)}`;
    const command = state.wait.command === null ? '' : `; "${state.wait.command}" ends it`;
    lines.push(
      terminal.style('dim', `  waits ${until}${command}; told ${formatDuration(Math.max(0, now - state.at))} ago`),
    );
  }
  return lines.filter((line) => line !== '').join('\n');
}

const PHASE_STYLE = { healthy: 'green', progressing: 'cyan', paused: 'yellow', aborted: 'red' } as const;

/** Evidence of a rollout that is under way. The bars are α and β of the defaults when nothing was decided yet. */
function progressLines(rollout: RolloutView, terminal: Terminal): readonly string[] {
  const look = rollout.lastLook;
  if (look === null) return ['  no request has reached the candidate yet'];
  return [
    `  ${countsLine(rollout.counted, rollout)}`,
    `  ${evidenceBar('worse ', { e: look.abort, bar: look.bars.abort }, terminal)}`,
    `  ${evidenceBar('as good', { e: Math.max(look.promote, look.slo), bar: look.bars.promote }, terminal)}`,
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
      new Date(rollout.startedAt).toISOString().slice(0, 19).replace('T', ' '),
      started.stable === null ? `first → #${started.candidate}` : `#${started.stable} → #${started.candidate}`,
      terminal.style(outcome === 'aborted' ? 'red' : outcome === 'promoted' ? 'green' : 'yellow', outcome),
      took,
      started.commit?.slice(0, 8) ?? '',
      harmless(ended?.because ?? ''),
    ];
  });
  return rows.length === 0 ? `${view.key}: no rollout yet` : table(rows);
}
