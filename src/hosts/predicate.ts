/**
 * What a predicate says of an event, by itself and for a whole graph. Nothing of a host is in it, so the files of all
 * hosts are measured by it.
 */

import { globsOverlap, matchesGlob } from '../project/index.ts';
import type { EventWay, Job, JobGraph, Predicate } from './job-graph.ts';

/** What a CI system starts a pipeline for. */
export type HostEvent =
  | { readonly event: 'push'; readonly ref: 'branch' | 'tag'; readonly name: string }
  | { readonly event: 'pullRequest'; readonly fork: boolean }
  | { readonly event: 'mergeQueue' }
  /** A person asked for one job, or for `run`, on a branch. */
  | { readonly event: 'manual'; readonly job: string; readonly branch: string };

/** Whether one of the ways is open to the event. */
function holds({ ways }: Predicate, event: HostEvent): boolean {
  return ways.some((way) => isOpen(way, event));
}

function isOpen(way: EventWay, event: HostEvent): boolean {
  switch (way.event) {
    case 'push':
      return (
        event.event === 'push' && (way.ref === 'any' || way.ref === event.ref) && matchesGlob(way.pattern, event.name)
      );
    case 'pullRequest':
    case 'mergeQueue':
      return event.event === way.event;
    case 'manual':
      return event.event === 'manual' && event.job === way.job;
  }
}

export interface ExpectedJob {
  readonly id: string;
  readonly environment: string | null;
  /** Whether a person must say yes before it begins. */
  readonly approval: boolean;
}

/** The jobs that an event makes run if all goes well, in the order of the graph. */
export function jobsOn(graph: JobGraph, event: HostEvent): readonly ExpectedJob[] {
  if (!startsPipeline(graph, event)) return [];
  const running = new Map<string, Job>();
  for (const job of graph.jobs) {
    if (holds(job.when, event) && job.needs.every((need) => running.has(need))) running.set(job.id, job);
  }
  return [...running.values()].map(({ id, environment }) => ({
    id,
    environment: environment?.name ?? null,
    approval: environment !== null && environment.approval !== 'none' && holds(environment.approval, event),
  }));
}

function startsPipeline({ pushes }: JobGraph, event: HostEvent): boolean {
  if (event.event !== 'push') return true;
  const patterns = event.ref === 'tag' ? pushes.tags : pushes.branches;
  return patterns === 'all' || patterns.some((pattern) => matchesGlob(pattern, event.name));
}

/** Whether some push is let in by both. */
export function pushesOverlap(one: Predicate, other: Predicate): boolean {
  return one.ways.some((a) =>
    other.ways.some(
      (b) =>
        a.event === 'push' &&
        b.event === 'push' &&
        (a.ref === 'any' || b.ref === 'any' || a.ref === b.ref) &&
        globsOverlap(a.pattern, b.pattern),
    ),
  );
}
