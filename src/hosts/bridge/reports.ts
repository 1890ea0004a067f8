/** The files that a job leaves for its host's own views. */

import { join } from 'node:path';
import { writeFileAtomic } from '../../kernel/workspace.ts';
import { codeQualityReport } from './code-quality.ts';
import { findingsOf, type JobResults, type Redact, suitesOf } from './job-results.ts';
import { junitReport } from './junit.ts';
import { metricsReport } from './metrics.ts';
import { sarifReport } from './sarif.ts';

/** Below the project. */
export const REPORTS_FOLDER = '.slipway/reports';

export const REPORT_FILES = {
  junit: 'junit.xml',
  codeQuality: 'code-quality.json',
  sarif: 'findings.sarif',
  metrics: 'metrics.txt',
  summary: 'summary.md',
  /** `NAME=value` lines. */
  outputs: 'slipway.env',
} as const;

export interface ReportsOptions {
  /** Absolute. */
  readonly folder: string;
  readonly results: JobResults;
  readonly summary: string;
  readonly redact: Redact;
}

/** Single tests only where a task of the run has any: a report without tests would count as one in which all are gone. */
export function writeReports({ folder, results, summary, redact }: ReportsOptions): void {
  const write = (name: string, content: string): void => writeFileAtomic(join(folder, name), content);
  const findings = findingsOf(results);
  const suites = suitesOf(results);
  if (suites.length > 0) write(REPORT_FILES.junit, junitReport(results.service, suites, redact));
  write(REPORT_FILES.codeQuality, codeQualityReport(findings, redact));
  write(REPORT_FILES.sarif, sarifReport(findings, results.version, redact));
  write(REPORT_FILES.metrics, metricsReport(results));
  write(REPORT_FILES.summary, `${summary}\n`);
}

/** For jobs that read variables of earlier ones (GitLab: at most 5 KB, no empty lines). */
export function writeOutputs(folder: string, outputs: Readonly<Record<string, string>>): void {
  const lines = Object.entries(outputs).map(
    ([name, value]) => `SLIPWAY_${name.toUpperCase().replaceAll('-', '_')}=${value}`,
  );
  writeFileAtomic(join(folder, REPORT_FILES.outputs), lines.map((line) => `${line}\n`).join(''));
}
