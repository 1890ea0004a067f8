/** A run in the log of a job: each task's own output folded away, and what it has found shown at its place. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { PipelineEvent, TaskResult } from '../../pipeline/index.ts';
import { describeReasons } from '../../pipeline/index.ts';
import { plainLines, unstyled } from './foreign-text.ts';
import type { HostWord } from './host-bridge.ts';
import { placedFrom, type Redact } from './job-results.ts';

export interface FoldOptions {
  /** Writes a line in the host's own language. */
  readonly say: (word: HostWord) => void;
  /** Writes lines of the log; they are made harmless there. */
  readonly write: (text: string) => void;
  readonly redact: Redact;
  /** From the repository's folder to the project's. */
  readonly prefix: string;
}

/** GitHub shows ten errors of a step, and counts the rest. */
const SHOWN_FINDINGS = 10;

/** Bytes of one task's output: its beginning and its end. */
const [HEAD, TAIL] = [64 * 1024, 192 * 1024];

/** A subscriber of a run's events. */
export function foldLog({ say, write, redact, prefix }: FoldOptions): (event: PipelineEvent) => void {
  const titles = new Map<string, string>();
  let left = SHOWN_FINDINGS;

  const fold = (result: TaskResult, at: number): void => {
    if (!('log' in result) || result.log === null) return;
    const section = result.task;
    say({ kind: 'open', section, title: `log of ${section} (${titles.get(section) ?? ''})`, at });
    write(readLog(result.log));
    say({ kind: 'close', section, at });
  };

  const show = (result: TaskResult): void => {
    if (result.kind !== 'failed') return;
    for (const finding of result.findings.slice(0, left)) {
      const message = plain(redact(finding.message));
      say({ kind: 'finding', finding: placedFrom(prefix, { ...finding, message }) });
    }
    left = Math.max(0, left - Math.max(1, result.findings.length));
    if (result.findings.length > 0) return;
    say({ kind: 'error', title: result.task, message: plain(redact(result.summary)) });
  };

  return (event) => {
    switch (event.kind) {
      case 'run.started':
        for (const { id, title } of event.tasks) titles.set(id, title);
        return;
      case 'task.started':
        write(`▶ ${event.task}  ${titles.get(event.task) ?? ''} (${describeReasons(event.why)})`);
        return;
      case 'task.finished':
        fold(event.result, event.at);
        show(event.result);
        return;
      case 'task.output':
      case 'task.progress':
      case 'run.finished':
    }
  };
}

function plain(text: string): string {
  return plainLines(unstyled(text)).join('\n');
}

function readLog(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const part = (from: number, length: number): string => {
      const bytes = Buffer.alloc(Math.min(length, size - from));
      readSync(file, bytes, 0, bytes.length, from);
      return bytes.toString('utf8');
    };
    if (size <= HEAD + TAIL) return part(0, size).trimEnd();
    const gap = `… ${size - HEAD - TAIL} bytes are left out here; all of it is in ${path} …`;
    return `${part(0, HEAD)}\n${gap}\n${part(size - TAIL, TAIL)}`.trimEnd();
  } finally {
    closeSync(file);
  }
}
