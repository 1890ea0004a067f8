/** What the tests of this folder share: a project, a cache and shell tasks, all real, in a temporary folder. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Clock, systemClock } from '../kernel/clock.ts';
import { runCommand } from '../kernel/subprocess.ts';
import { temporaryFolder } from '../kernel/workspace.ts';
import { type Cache, createCache } from './cache.ts';
import type { PipelineEvent, TaskResult } from './events.ts';
import { planPipeline, type Selection } from './plan.ts';
import { describeReasons } from './reason.ts';
import { type PipelineRun, runPipeline, type RunPipelineOptions } from './run-pipeline.ts';
import type { FingerprintSpec, StageName, TaskContext, TaskDefinition } from './task.ts';

export interface Rig {
  readonly folder: string;
  readonly project: string;
  readonly cache: Cache;
  /** Given to tasks; a test may change it. */
  readonly environment: Record<string, string | undefined>;
  write(path: string, content: string): string;
  run(tasks: readonly TaskDefinition[], options?: RigRunOptions): Promise<PipelineRun & { events: PipelineEvent[] }>;
  remove(): void;
}

type RigRunOptions = Partial<Omit<RunPipelineOptions, 'plan'>> & { readonly selection?: Selection };

export function createRig(clock: Clock = systemClock): Rig {
  const folder = temporaryFolder('slipway-pipeline-');
  const project = join(folder, 'project');
  mkdirSync(project);
  const cache = createCache({ folder: join(folder, 'cache'), clock });
  const environment: Record<string, string | undefined> = {};
  return {
    folder,
    project,
    cache,
    environment,
    write(path, content) {
      const absolute = join(project, path);
      mkdirSync(dirname(absolute), { recursive: true });
      writeFileSync(absolute, content);
      return absolute;
    },
    async run(tasks, { selection, ...options } = {}) {
      const events: PipelineEvent[] = [];
      const run = await runPipeline({
        plan: planPipeline(tasks, selection),
        cache,
        project,
        environment,
        clock,
        logs: join(folder, 'logs'),
        onEvent: (event) => events.push(event),
        ...options,
      });
      return { ...run, events };
    },
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface TaskSketch extends Partial<Omit<TaskDefinition, 'id' | 'stage' | 'fingerprint'>> {
  readonly files?: readonly string[];
  readonly fingerprint?: Partial<FingerprintSpec>;
}

/** A task that does `run`; by default it leaves nothing and its value is `null`. */
export function task(id: string, { files = [], fingerprint, ...others }: TaskSketch = {}): TaskDefinition {
  return {
    id,
    stage: id.split('/')[0] as StageName,
    title: id,
    needs: [],
    timeout: 20_000,
    run: async () => ({ kind: 'passed', value: null, summary: 'done' }),
    ...others,
    fingerprint: {
      files: { include: files, exclude: ['.git', 'target'] },
      environment: [],
      tools: [],
      settings: null,
      ...fingerprint,
    },
  };
}

/**
 * A task that runs a script of `/bin/sh` in the project folder. `$OUT` is its output folder, `$1` `$2` … those of its
 * needs in order. Its value is what it prints.
 */
export function shell(id: string, script: string, sketch: TaskSketch = {}): TaskDefinition {
  const run = async (context: TaskContext) => {
    const needed = (sketch.needs ?? []).map((need) => context.need(need).output);
    const { exitCode, stdout, stderr } = await runCommand({
      program: '/bin/sh',
      args: ['-euc', script, 'sh', ...needed],
      cwd: context.project,
      env: { ...context.environment, OUT: context.output },
      onOutput: (piece) => context.log(piece),
      signal: context.signal,
    });
    if (exitCode === 0) return { kind: 'passed', value: stdout, summary: stdout.trim() } as const;
    return { kind: 'failed', summary: `exit ${exitCode}`, details: stderr.split('\n') } as const;
  };
  return task(id, { ...sketch, run });
}

/** `{ 'build/compile': 'ran: first run' }`. */
export function account(run: { readonly results: readonly TaskResult[] }): Record<string, string> {
  return Object.fromEntries(run.results.map((result) => [result.task, accountOf(result)]));
}

function accountOf(result: TaskResult): string {
  switch (result.kind) {
    case 'ran':
      return `ran: ${describeReasons(result.why)}${result.notKept === null ? '' : ` (not kept: ${result.notKept})`}`;
    case 'cached':
      return 'cached';
    case 'failed':
      return `failed: ${result.summary}`;
    case 'skipped':
    case 'cancelled':
      return `${result.kind}: ${result.because}`;
  }
}
