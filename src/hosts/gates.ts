/** On which events of a job a person is asked first. */

import type { EventWay, Job, Predicate } from './job-graph.ts';

/** Whether a person is asked on each event of the job, on none, or on some. */
export function gatedEvents(job: Job): 'all' | 'none' | 'some' {
  const approval = job.environment?.approval ?? 'none';
  if (approval === 'none') return 'none';
  return freeWays(job).length === 0 ? 'all' : 'some';
}

/** Ways on which nobody is asked, unless one of the others is open to the event as well. */
export function freeWays({ when, environment }: Job): readonly EventWay[] {
  const approval = environment?.approval ?? 'none';
  if (approval === 'none') return when.ways;
  return when.ways.filter((way) => !approval.ways.some((asking) => isSameWay(asking, way)));
}

/** Whether both name the same ways, in whatever order. */
export function isSameWhen(one: Predicate, other: Predicate): boolean {
  return isWithin(one, other) && isWithin(other, one);
}

function isWithin({ ways }: Predicate, { ways: all }: Predicate): boolean {
  return ways.every((way) => all.some((other) => isSameWay(way, other)));
}

export function isSameWay(one: EventWay, other: EventWay): boolean {
  if (one.event === 'push') {
    return other.event === 'push' && one.ref === other.ref && one.pattern === other.pattern;
  }
  return one.event === 'manual' ? other.event === 'manual' && one.job === other.job : one.event === other.event;
}
