/** What a job tells its CI system of a run: a log that is folded, findings at their lines, a summary, files of reports. */

import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { foldLog, type JobResults, REPORTS_FOLDER, summaryPage, writeOutputs, writeReports } from '../hosts/index.ts';
import type { Digest, Json } from '../kernel/digest.ts';
import { messageOf } from '../kernel/fault.ts';
import type { PipelineEvent, PipelineRun, StageName } from '../pipeline/index.ts';
import type { RunScene } from './run-tasks.ts';
import { harmless } from './terminal.ts';

export interface JobReport {
  onEvent(event: PipelineEvent): void;
  finish(run: PipelineRun): void;
}

/** `null` stage: all of the pipeline. */
export function openJobReport(scene: RunScene, stage: StageName | null): JobReport {
  const { terminal, session, system } = scene;
  const { host } = terminal;
  const prefix = prefixOf(scene);
  const redact = (text: string): string => host?.redact(text) ?? text;
  const { kind, name, short } = session.revision;
  if (host !== undefined) {
    const what = `${kind === 'pullRequest' ? 'pull request' : kind} ${harmless(name)}`;
    const where = `${host.bridge.name}, ${harmless(host.bridge.job)}, slipway ${system.version}`;
    terminal.note(`${terminal.style('bold', session.project.service)} at ${short} (${what}); ${where}`);
  }
  const write = (text: string): void => terminal.note(text);
  return {
    onEvent: host === undefined ? () => undefined : foldLog({ say: (word) => host.say(word), write, redact, prefix }),
    finish(run) {
      const { outcome, duration, results: tasks } = run;
      const results: JobResults = {
        service: session.project.service,
        revision: { kind, name, short },
        stage,
        version: system.version,
        outcome,
        duration,
        tasks,
        values: valuesOf(run),
        prefix,
      };
      const summary = summaryPage(results, redact);
      const folder = reportsFolder(scene);
      attempt(scene, () => {
        if (folder !== null) writeReports({ folder, results, summary, redact });
        host?.bridge.publish({ summary, outputs: { outcome } });
      });
    },
  };
}

/** For later steps and jobs: the digest of the image that was made. */
export function reportImage(scene: RunScene, image: Digest): void {
  const outputs = { image };
  const folder = reportsFolder(scene);
  attempt(scene, () => {
    if (folder !== null) writeOutputs(folder, outputs);
    scene.terminal.host?.bridge.publish({ summary: `Image \`${image}\`\n`, outputs });
  });
}

/** Absolute; `null` where nobody reads reports. */
function reportsFolder({ reports, session, terminal }: RunScene): string | null {
  if (reports !== undefined) return resolve(reports);
  return terminal.host === undefined ? null : join(session.folder, REPORTS_FOLDER);
}

/** From the repository's folder, which the host shows places in, to the project's. */
function prefixOf({ terminal, session }: RunScene): string {
  const root = terminal.host?.bridge.root ?? null;
  const path = root === null ? '' : relative(root, session.folder);
  return path === '' || path.startsWith('..') || isAbsolute(path) ? '' : `${path.split(sep).join('/')}/`;
}

function valuesOf(run: PipelineRun): ReadonlyMap<string, Json> {
  return new Map(
    run.results.flatMap((result): readonly (readonly [string, Json])[] => {
      if (result.kind === 'failed') return [[result.task, result.value]];
      return result.kind === 'ran' || result.kind === 'cached'
        ? [[result.task, run.openResult(result.task).value]]
        : [];
    }),
  );
}

/** A report that can't be written is no reason to stop, but it is said. */
function attempt({ terminal }: RunScene, write: () => void): void {
  try {
    write();
  } catch (error) {
    terminal.note(`${terminal.style('yellow', 'warning')} a report could not be written: ${messageOf(error)}`);
  }
}
