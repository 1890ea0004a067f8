/**
 * A graph of jobs in the shape that a declarative pipeline has: layers one after another, in each of them branches side
 * by side, in each of these jobs one after another. What the shape makes wait for nothing is said.
 */

import { isSameWay } from '../gates.ts';
import type { Job } from '../job-graph.ts';
import { pushesOverlap } from '../predicate.ts';

/** Jobs one after another. */
export type Chain = readonly Job[];

/** Chains side by side. */
export type Layer = readonly Chain[];

/**
 * Layers such that each job comes after all that it needs; what only people ask for comes last. Jobs that never run
 * together don't share one.
 */
export function layersOf(jobs: readonly Job[]): readonly Layer[] {
  const { asked = [], started = [] } = Object.groupBy(jobs, ({ when }) =>
    when.ways.every(({ event }) => event === 'manual') ? 'asked' : 'started',
  );
  return [...layered(started), ...layered(asked)];
}

function layered(jobs: readonly Job[]): readonly Layer[] {
  const chains = chainsOf(jobs);
  const depths = new Map<string, number>();
  for (const chain of chains) {
    const [first] = chain;
    const depth = Math.max(0, ...(first === undefined ? [] : needsOf(first).map((id) => (depths.get(id) ?? 0) + 1)));
    for (const { id } of chain) depths.set(id, depth);
  }
  const byDepth = Map.groupBy(chains, ([first]) => (first === undefined ? 0 : (depths.get(first.id) ?? 0)));
  return [...byDepth.entries()].sort(([a], [b]) => a - b).flatMap(([, layer]) => companies(layer));
}

function needsOf({ needs, needsWhereRun }: Pick<Job, 'needs' | 'needsWhereRun'>): readonly string[] {
  return [...needs, ...needsWhereRun];
}

/** A job that alone needs its only need follows it in one chain. Each chain comes after those that it needs. */
function chainsOf(jobs: readonly Job[]): readonly Chain[] {
  const chains: Job[][] = [];
  for (const job of jobs) {
    const [need, ...more] = needsOf(job);
    const alone = more.length === 0 && jobs.filter((other) => needsOf(other).includes(need ?? '')).length === 1;
    const before = alone ? chains.find((chain) => chain.at(-1)?.id === need) : undefined;
    if (before !== undefined && job.kind === 'stage') before.push(job);
    else chains.push([job]);
  }
  return chains;
}

/** Splits a layer: what can run on the same event stays together. */
function companies(layer: Layer): readonly Layer[] {
  const found: Chain[][] = [];
  for (const chain of layer) {
    const meeting = found.filter((company) => company.some((other) => meet(other, chain)));
    for (const company of meeting) found.splice(found.indexOf(company), 1);
    found.push([...meeting.flat(), chain]);
  }
  return found;
}

function meet(one: Chain, other: Chain): boolean {
  return one.some((a) => other.some((b) => runTogether(a, b)));
}

function runTogether(one: Job, other: Job): boolean {
  return pushesOverlap(one.when, other.when) || one.when.ways.some((a) => other.when.ways.some((b) => isSameWay(a, b)));
}

/** Sentences: which job waits for which others though it does not need them. */
export function lostParallelism(layers: readonly Layer[]): readonly string[] {
  const jobs = new Map(layers.flat(2).map((job) => [job.id, job]));
  const ancestors = (id: string): ReadonlySet<string> => {
    const direct = needsOf(jobs.get(id) ?? { needs: [], needsWhereRun: [] });
    return new Set([...direct, ...direct.flatMap((need) => [...ancestors(need)])]);
  };
  const waits = new Map<string, ReadonlySet<string>>();
  const earlier: Job[] = [];
  const sentences: string[] = [];
  for (const layer of layers) {
    for (const job of layer.flat()) {
      const needed = ancestors(job.id);
      // Said once, of the first job that it holds up.
      const said = new Set([...needed].flatMap((id) => [...(waits.get(id) ?? [])]));
      const idle = earlier.filter((other) => !needed.has(other.id) && !said.has(other.id) && runTogether(other, job));
      waits.set(job.id, new Set(idle.map(({ id }) => id)));
      if (idle.length === 0) continue;
      const names = idle.map(({ id }) => id).join(' and ');
      sentences.push(
        `${job.id} waits for ${names} though it does not need ${idle.length === 1 ? 'it' : 'them'}: a declarative pipeline has stages, no graph.`,
      );
    }
    earlier.push(...layer.flat());
  }
  return sentences;
}
