/**
 * Hosts: the CI systems that run our pipeline. From a project to a graph of jobs, and from the graph to the file that
 * each of them reads. It writes text and runs nothing.
 */

import type * as doctor from './doctor/index.ts';
import type { HostGenerator, HostName } from './host-generator.ts';
import { type Pins, SHIPPED_PINS } from './pins.ts';

export { GENERATED, type HostGenerator, type HostName } from './host-generator.ts';
export type { HostsFaultCode } from './hosts-fault.ts';
export { planJobs } from './plan-jobs.ts';
export { detectHost } from './bridge/detect-host.ts';
export { foldLog } from './bridge/fold-log.ts';
export type { HostBridge, HostWord } from './bridge/host-bridge.ts';
export type { JobResults, Redact } from './bridge/job-results.ts';
export { REPORTS_FOLDER, writeOutputs, writeReports } from './bridge/reports.ts';
export { summaryPage } from './bridge/summary.ts';
export { LOCK_FILE, type Pins } from './pins.ts';
export { updatePins } from './update-pins.ts';

/** Each host's own code is loaded only when its file is wanted. */
const GENERATORS: Readonly<Record<HostName, () => Promise<HostGenerator>>> = {
  github: async () => (await import('./github/index.ts')).githubGenerator,
  gitlab: async () => (await import('./gitlab/gitlab-generator.ts')).gitlabGenerator,
  jenkins: async () => (await import('./jenkins/jenkins-generator.ts')).jenkinsGenerator,
};

export function openGenerator(host: HostName): Promise<HostGenerator> {
  return GENERATORS[host]();
}

/** What the lock file says; without one, and for actions that it does not know, what this Slipway was made with. */
export async function readPins(lock: string | undefined): Promise<Pins> {
  if (lock === undefined) return SHIPPED_PINS;
  const { readLock } = await import('./lock-file.ts');
  return { ...SHIPPED_PINS, ...readLock(lock) };
}

export async function lockText(pins: Pins): Promise<string> {
  const { writeLock } = await import('./lock-file.ts');
  return writeLock(pins);
}

/** What looks at the files of CI systems that people wrote. Its rules are loaded only when they are wanted. */
export async function openDoctor(): Promise<typeof doctor> {
  return import('./doctor/index.ts');
}
