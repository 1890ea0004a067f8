/** What a run would do, without doing it. */

import type { Clock } from '../kernel/clock.ts';
import type { Digest } from '../kernel/digest.ts';
import type { Cache } from './cache.ts';
import { lookUp } from './look-up.ts';
import type { Plan } from './plan.ts';
import { viewProjectFiles } from './project-files.ts';
import type { Reason } from './reason.ts';
import type { StageName } from './task.ts';

export interface PlannedTask {
  readonly id: string;
  readonly stage: StageName;
  readonly title: string;
  readonly needs: readonly string[];
  readonly state: PlannedState;
}

export type PlannedState =
  /** Its result is there: it would not run. `ranAt` is wall time, `duration` milliseconds, both of the run that made it. */
  | { readonly kind: 'cached'; readonly summary: string; readonly ranAt: number; readonly duration: number }
  | { readonly kind: 'runs'; readonly why: readonly Reason[] }
  /** Whether it runs depends on what these needed tasks will produce; with equal outputs it stays as it is. */
  | { readonly kind: 'depends'; readonly on: readonly string[] };

export interface DescribePlanOptions {
  readonly plan: Plan;
  readonly cache: Cache;
  readonly project: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** In the order of the plan. */
export function describePlan(options: DescribePlanOptions): readonly PlannedTask[] {
  const { plan, cache, project, environment, clock } = options;
  const index = cache.indexOf(project);
  const files = viewProjectFiles({ project, index, clock });
  const contents = new Map<string, Digest>();
  const described = plan.tasks.map((task): PlannedTask => {
    const { id, stage, title, needs } = task;
    const open = needs.filter((need) => !contents.has(need));
    if (open.length > 0) return { id, stage, title, needs, state: { kind: 'depends', on: open } };
    const known = Object.fromEntries(needs.flatMap((need) => entryOf(contents, need)));
    const found = lookUp(task, known, { cache, project, files, environment });
    if (found.kind === 'missing') return { id, stage, title, needs, state: { kind: 'runs', why: found.why } };
    const { summary, ranAt, duration, content } = found.result;
    contents.set(id, content);
    return { id, stage, title, needs, state: { kind: 'cached', summary, ranAt, duration } };
  });
  index.save();
  return described;
}

function entryOf(contents: ReadonlyMap<string, Digest>, id: string): [string, Digest][] {
  const content = contents.get(id);
  return content === undefined ? [] : [[id, content]];
}
