/** Rehearsals that the judge's figures are measured with. */

import { type Rehearsal, rehearseSeeds, type SeedsResult } from '../src/delivery/index.ts';
import { parseRehearsal } from '../src/project/index.ts';

/** Held at 5 % for 600 looks: all that can end it is the judge. */
export function heldAtFivePercent(options: {
  traffic: string;
  stable: string;
  candidate: string;
  slo: string;
}): string {
  return `
rehearsal: held at 5 %
replicas: 1
traffic: ${options.traffic}
start: v1
strategy: { canary: { steps: [{ weight: 5% }, { pause: manual }, { weight: 100% }], judge: { slo: { errors: ${options.slo} } } } }
releases: { v1: { errors: ${options.stable} }, v2: { errors: ${options.candidate} } }
events: [{ at: 0s, deploy: v2 }]
until: 10m
`;
}

/** Without written steps: promoted when proven fine. */
export const WITHOUT_STEPS = `
rehearsal: a healthy candidate without steps
replicas: 1
traffic: 100/s
start: v1
releases: { v1: { errors: 0.1% }, v2: { errors: 0.1% } }
events: [{ at: 0s, deploy: v2 }]
until: 5m
`;

/** So many seeds of a rehearsal, until each is decided. */
export async function rehearse(text: string, seeds: number): Promise<SeedsResult> {
  return rehearseSeeds(await parsed(text), seeds, { check: false, stopWhenDecided: true });
}

async function parsed(text: string): Promise<Rehearsal> {
  const { rehearsal, problems } = await parseRehearsal(text, 'bench/judge-rehearsals.ts');
  if (rehearsal === null) throw new Error(JSON.stringify(problems));
  return rehearsal;
}
