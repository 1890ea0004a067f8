/** The rollouts of `slipway history --json` as recordings. */

import { z } from 'zod';
import type { Recording } from '../../delivery/index.ts';
import { HISTORY_VERSION } from '../report/history-document.ts';
import { notRecording, type RecordingWish, whichSeries } from './recording-wish.ts';

const sample = z.object({ requests: z.number().min(0), bad: z.number().min(0) });
const arms = z.object({ candidate: sample, stable: sample });

const schema = z.object({
  version: z.literal(HISTORY_VERSION),
  rollouts: z.array(
    z.object({
      rollout: z.string(),
      number: z.number(),
      candidate: z.number(),
      stable: z.number().nullable(),
      looks: z.array(z.object({ at: z.number(), counts: arms })),
    }),
  ),
});

/** Those in which the candidate got requests, the newest first. Only errors are replayed, whatever else was counted. */
export function recordingsOfHistory(document: unknown, { file, rollout }: RecordingWish): readonly Recording[] {
  const parsed = schema.safeParse(document);
  if (!parsed.success) throw notRecording(file, z.prettifyError(parsed.error).replaceAll('\n', ' '));
  const all = parsed.data.rollouts.filter((one) => one.looks.some(({ counts }) => counts.candidate.requests > 0));
  const chosen = all.filter(({ number }) => rollout === undefined || number === rollout);
  if (chosen.length === 0) {
    const which = rollout === undefined ? 'No rollout in it' : `Rollout ${rollout} is not in it, or`;
    const known = all.map(({ number }) => number).join(', ');
    throw whichSeries(
      `${which} has requests that were counted.`,
      known === '' ? 'Deploy something first.' : `There are ${known}.`,
    );
  }
  return chosen.map(({ rollout: id, candidate, stable, looks }) => ({
    name: `${id}: #${candidate}${stable === null ? ', the first release' : ` over #${stable}`}`,
    hasStable: stable !== null,
    looks,
  }));
}
