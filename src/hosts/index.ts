/**
 * Hosts: the CI systems that run our pipeline. From a project to a graph of jobs, and from the graph to the file that
 * each of them reads. It writes text and runs nothing.
 */

import type { HostGenerator, HostName } from './host-generator.ts';

export { GENERATED, HOSTS, type HostGenerator, type HostName } from './host-generator.ts';
export type { HostsFaultCode } from './hosts-fault.ts';
export { planJobs } from './plan-jobs.ts';
export { type Pins, SHIPPED_PINS } from './pins.ts';

/** Each host's own code is loaded only when its file is wanted. */
const GENERATORS: Readonly<Partial<Record<HostName, () => Promise<HostGenerator>>>> = {
  github: async () => (await import('./github/index.ts')).githubGenerator,
};

export async function openGenerator(host: HostName): Promise<HostGenerator> {
  const open = GENERATORS[host];
  if (open === undefined) throw new Error(`nothing writes the file of ${host}`);
  return open();
}
