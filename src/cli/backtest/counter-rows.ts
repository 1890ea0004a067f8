/** Rows of cumulative counters, one for each replica and look: what our own platforms count. */

import { z } from 'zod';
import { type CounterSeries, type Recording, recordingOf } from '../../delivery/index.ts';
import { type Labels, parseSelector, type Selector } from './labels.ts';
import { notRecording, type RecordingWish, whichSeries } from './recording-wish.ts';

const rowSchema = z.object({
  /** Milliseconds. */
  at: z.number(),
  release: z.union([z.number(), z.string()]),
  replica: z.string().default(''),
  epoch: z.union([z.string(), z.number()]).default(''),
  source: z.string().default('split'),
  platform: z.string().nullable().default(null),
  requests: z.number().min(0),
  errors: z.number().min(0),
});

type Row = z.output<typeof rowSchema>;

export function recordingOfRows(values: readonly unknown[], wish: RecordingWish): Recording {
  const rows = values.map((value, index) => {
    const parsed = rowSchema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw notRecording(wish.file, `line ${index + 1}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
  });
  const { candidate, stable, name } = armsOf(rows, wish);
  // Another epoch is another series: what it counted began at zero, even if that is more than before.
  const groups = Map.groupBy(rows, ({ release, replica, source, platform, epoch }) =>
    JSON.stringify([release, replica, source, platform, epoch]),
  );
  const series = [...groups.values()].flatMap((group): readonly CounterSeries[] => {
    const labels = labelsOf(group[0]);
    const arm = candidate(labels) ? 'candidate' : stable(labels) ? 'stable' : null;
    if (arm === null) return [];
    const ordered = group.toSorted((one, other) => one.at - other.at);
    return [
      { arm, counts: 'all', samples: ordered.map(({ at, requests }) => [at, requests]) },
      { arm, counts: 'bad', samples: ordered.map(({ at, errors }) => [at, errors]) },
    ];
  });
  return recordingOf(name, series);
}

function labelsOf(row: Row | undefined): Labels {
  if (row === undefined) return {};
  const { release, replica, source, platform } = row;
  return { release: String(release), replica, source, platform: platform ?? '' };
}

interface ArmSelectors {
  readonly candidate: Selector;
  readonly stable: Selector;
  readonly name: string;
}

/** Without a wish the newer one of exactly two numbered releases is the candidate. */
function armsOf(rows: readonly Row[], { candidate, stable }: RecordingWish): ArmSelectors {
  if (candidate !== undefined) {
    const nobody: Selector = () => false;
    const name = stable === undefined ? candidate : `${candidate} over ${stable}`;
    return { candidate: parseSelector(candidate), stable: stable === undefined ? nobody : parseSelector(stable), name };
  }
  const releases = [...new Set(rows.map(({ release }) => Number(release)))].toSorted((one, other) => other - one);
  const [newer, older, third] = releases;
  if (newer === undefined || older === undefined || third !== undefined || !Number.isFinite(newer + older)) {
    throw whichSeries(
      `It is not clear which release is the candidate: there are ${releases.join(', ')}.`,
      'Say it: "--candidate release=3 --stable release=2".',
    );
  }
  return {
    candidate: (labels) => labels['release'] === String(newer),
    stable: (labels) => labels['release'] === String(older),
    name: `#${newer} over #${older}`,
  };
}
