/** What the project may ask for and GitHub's language can't say is refused: a deployment to the wrong place would be worse. */

import type { EventWay, JobGraph } from '../job-graph.ts';
import { hostsFault, type HostsFaultCode } from '../hosts-fault.ts';
import type { Fault } from '../../kernel/fault.ts';
import { ambiguity } from './expression.ts';

type PushWay = Extract<EventWay, { event: 'push' }>;

/** @throws Fault `hosts/not-expressible` */
export function checkExpressible(graph: JobGraph): void {
  for (const { when, environment } of graph.jobs) {
    if (environment === null) continue;
    const own = when.ways.filter((way) => way.event === 'push');
    for (const way of own) checkWay(way, { own, graph, environment: environment.name });
  }
}

interface Surroundings {
  /** All ways of the same job: it does not matter which of them lets a push in. */
  readonly own: readonly PushWay[];
  readonly graph: JobGraph;
  readonly environment: string;
}

function checkWay({ ref, pattern }: PushWay, { own, graph: { pushes }, environment }: Surroundings): void {
  if (pattern.includes('${{')) throw notExpressible(pattern, environment, 'it reads as an expression of GitHub');
  const branches = pushes.branches === 'all' ? ['*'] : pushes.branches;
  const admitted = [...(ref === 'tag' ? [] : branches), ...(ref === 'branch' ? [] : pushes.tags)];
  const others = admitted.filter((other) => !own.some((way) => way.pattern === other));
  const other = ambiguity(pattern, others);
  if (other === undefined) return;
  const why =
    other === pattern
      ? "GitHub can't tell what is between several stars and a slash"
      : `GitHub can't tell it from ${other} for every name`;
  throw notExpressible(pattern, environment, why);
}

function notExpressible(pattern: string, environment: string, why: string): Fault<HostsFaultCode> {
  return hostsFault({
    code: 'hosts/not-expressible',
    kind: 'usage',
    message: `The pattern ${pattern} in \`from\` of ${environment} can't be written for GitHub Actions: ${why}.`,
    hint: 'Use patterns with one `*` at the end, such as `release/*`.',
  });
}
