/** How a stage comes to the results of earlier ones, and what it leaves. */

import type { Job, JobGraph, JobReports } from '../job-graph.ts';
import { REPORTS_FOLDER } from '../bridge/reports.ts';
import { CACHE_FOLDER, HANDOVER_FOLDER } from '../job-variables.ts';
import { call, type Statement } from './jenkins-document.ts';

/** A workspace is kept between builds, so what an earlier one has handed over or reported goes first. */
export function takeOver(
  { kind, cache, needs, needsWhereRun, handsOn, reports }: Job,
  { jobs }: JobGraph,
): readonly Statement[] {
  const giving = new Set(jobs.flatMap((job) => (job.handsOn ? [job.id] : [])));
  const taken = needs.filter((id) => giving.has(id)).map((id) => call('unstash', [id]));
  const maybe = needsWhereRun
    .filter((id) => giving.has(id))
    .map((id) => call('catchError', { buildResult: 'SUCCESS', stageResult: 'SUCCESS' }, [call('unstash', [id])]));
  const takes = handsOn || taken.length + maybe.length > 0;
  const reporting = Object.values(reports).some((file) => file !== null);
  const stale = [
    ...(takes ? [HANDOVER_FOLDER] : []),
    ...(reporting ? [REPORTS_FOLDER] : []),
    ...(kind === 'stage' && cache === 'none' ? [CACHE_FOLDER] : []),
  ];
  return [...stale.map((folder) => call('dir', [folder], [call('deleteDir')])), ...taken, ...maybe];
}

export function handOn({ id, stage, handsOn }: Job): readonly Statement[] {
  if (!handsOn || stage === null) return [];
  return [call('stash', { name: id, includes: `${HANDOVER_FOLDER}/${stage}.tar` })];
}

export function reportSteps({ junit, coverage, codeQuality, sarif }: JobReports): readonly Statement[] {
  const files = [codeQuality, sarif].filter((file) => file !== null);
  return [
    ...(junit === null ? [] : [call('junit', { testResults: junit, allowEmptyResults: true })]),
    ...(coverage === null
      ? []
      : [
          call('recordCoverage', {
            tools: {
              kind: 'list',
              of: [{ kind: 'map', of: { parser: 'COBERTURA', pattern: coverage } }],
            },
          }),
        ]),
    ...(files.length === 0
      ? []
      : [call('archiveArtifacts', { artifacts: files.join(', '), allowEmptyArchive: true, fingerprint: true })]),
  ];
}
