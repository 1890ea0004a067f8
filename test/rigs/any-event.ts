/** Events and ways that differ in everything that a host can tell apart. */

import * as fc from 'fast-check';
import type { EventWay } from '../../src/hosts/job-graph.ts';
import type { HostEvent } from '../../src/hosts/predicate.ts';

const anyWay: fc.Arbitrary<EventWay> = fc.oneof(
  fc.record({
    event: fc.constant('push' as const),
    ref: fc.constantFrom('branch' as const, 'tag' as const, 'any' as const),
    pattern: fc.constantFrom('main', 'feature/*', 'v*', '*', 'develop', '*x', 'PR-*'),
  }),
  fc.constantFrom({ event: 'pullRequest' as const }, { event: 'mergeQueue' as const }),
  fc.record({ event: fc.constant('manual' as const), job: fc.constantFrom('run', 'rollback-a') }),
);
/** Ways into a job, none twice. */
export const anyWays = fc.uniqueArray(anyWay, { minLength: 1, maxLength: 4, selector: (way) => JSON.stringify(way) });
export const anyEvent: fc.Arbitrary<HostEvent> = fc.oneof(
  fc.record({
    event: fc.constant('push' as const),
    ref: fc.constantFrom('branch' as const, 'tag' as const),
    name: fc.constantFrom('main', 'feature/x', 'v1', 'develop', 'other'),
  }),
  fc.record({ event: fc.constant('pullRequest' as const), fork: fc.boolean() }),
  fc.constant({ event: 'mergeQueue' as const }),
  fc.record({
    event: fc.constant('manual' as const),
    job: fc.constantFrom('run', 'rollback-a'),
    branch: fc.constant('main'),
  }),
);
