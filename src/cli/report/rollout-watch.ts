/** Follows the rollout of one environment to its end, on a live screen or line by line. */

import { createEnvironmentFold, type EnvironmentView, type RolloutView } from '../../delivery/index.ts';
import type { Entry, Journal } from '../../journal/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import { formatDuration } from '../../kernel/quantity.ts';
import { createLiveArea } from '../live-area.ts';
import { harmless, type Terminal } from '../terminal.ts';
import { countsLine, environmentReport, splitBar } from './rollout-report.ts';

export interface WatchOptions {
  readonly journal: Journal;
  readonly key: string;
  /** Id of the rollout. */
  readonly rollout: string;
  readonly clock: Clock;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/**
 * How the watch ended: with the rollout, where a person must decide and nobody sits at the terminal, or by the person
 * who watched.
 */
export type WatchEnd =
  | { readonly kind: 'ended'; readonly rollout: RolloutView; readonly view: EnvironmentView }
  | { readonly kind: 'waiting'; readonly view: EnvironmentView }
  | { readonly kind: 'left' };

const REDRAW_EVERY = 1000;

/** A pause of the plan with a time ends by itself; every other pause is a person's, also one with a latest time. */
function waitsForPerson({ now }: EnvironmentView): boolean {
  return now?.phase === 'paused' && (now.reason !== 'step' || now.wait?.until === null);
}

export function watchRollout(options: WatchOptions): Promise<WatchEnd> {
  const { journal, key, rollout: id, clock, terminal, signal } = options;
  const fold = createEnvironmentFold();
  const area = createLiveArea(terminal);
  let told = 0;
  const view = (): EnvironmentView | undefined => fold.views().get(key);

  const draw = (): void => {
    const present = view();
    if (present === undefined || !terminal.live) return;
    area.draw(environmentReport(present, clock.wall(), terminal).split('\n'));
  };
  /** Steps, pauses and the end stay on the screen (or in the log) as lines of their own. */
  const tell = (present: EnvironmentView): void => {
    const rollout = present.rollouts.find(({ started }) => started.rollout === id);
    for (const moment of rollout?.moments.slice(told) ?? []) {
      const age = formatDuration(Math.max(0, moment.at - (rollout?.startedAt ?? moment.at)));
      area.erase();
      terminal.note(`${terminal.style('dim', `+${age}`)} ${moment.what}: ${harmless(moment.because)}`);
      if (!terminal.live) terminal.note(`  ${splitBar(present, terminal)}`);
    }
    told = rollout?.moments.length ?? 0;
    if (!terminal.live && rollout?.lastLook && rollout.lastLook.counts.candidate.bad > 0) {
      terminal.note(`  ${countsLine(rollout.counted, rollout)}`);
    }
  };

  return new Promise((resolve) => {
    const timer = setInterval(draw, REDRAW_EVERY);
    const finish = (end: WatchEnd): void => {
      unsubscribe();
      clearInterval(timer);
      signal.removeEventListener('abort', leave);
      resolve(end);
    };
    const leave = (): void => finish({ kind: 'left' });
    let unsubscribe = (): void => undefined;
    const onEntries = (fresh: readonly Entry[]): void => {
      fold.add(fresh.filter((entry) => entry.subject === key));
      const present = view();
      if (present === undefined) return;
      tell(present);
      draw();
      const rollout = present.rollouts.find(({ started }) => started.rollout === id);
      // The end is told only when the world looks like it: the last change comes after it.
      if (rollout?.ended && present.now !== null && present.now.at >= rollout.ended.wall)
        finish({ kind: 'ended', rollout, view: present });
      else if (!terminal.attended && waitsForPerson(present)) finish({ kind: 'waiting', view: present });
    };
    signal.addEventListener('abort', leave, { once: true });
    // The first entries come before `subscribe` returns, so what ends it must not be needed yet.
    queueMicrotask(() => {
      unsubscribe = journal.subscribe(0, (fresh) => queueMicrotask(() => onEntries(fresh)));
    });
  });
}
