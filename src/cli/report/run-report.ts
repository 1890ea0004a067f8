/** A run as it happens: a live tree where the terminal can be redrawn, else one line per task that ends. */

import type { Clock } from '../../kernel/clock.ts';
import { formatDuration } from '../../kernel/quantity.ts';
import { describeReasons, type PipelineEvent, type TaskResult } from '../../pipeline/index.ts';
import { createLiveArea } from '../live-area.ts';
import { harmless, type Terminal, widthOf } from '../terminal.ts';

export interface RunReport {
  onEvent(event: PipelineEvent): void;
  /** Takes the live display away; call it when the run has ended, however it ended. */
  close(): void;
}

interface Row {
  readonly id: string;
  readonly title: string;
  /** Monotonic time at which it started; `null` before. */
  startedAt: number | null;
  progress: string;
  result: TaskResult | null;
}

const REDRAW_EVERY = 100;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export function createRunReport(terminal: Terminal, clock: Clock): RunReport {
  const rows = new Map<string, Row>();
  const area = createLiveArea(terminal);
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;

  const draw = (): void => {
    frame += 1;
    const now = clock.monotonic();
    const running = [...rows.values()].filter((row) => row.startedAt !== null && row.result === null);
    const waiting = [...rows.values()].filter((row) => row.startedAt === null && row.result === null).length;
    const lines = running.map((row) => runningLine(row, now, SPINNER[frame % SPINNER.length] ?? ''));
    if (waiting > 0) lines.push(terminal.style('dim', `  ${waiting} more to come`));
    area.draw(lines.map((line) => clip(line, terminal.columns)));
  };
  const runningLine = (row: Row, now: number, spinner: string): string => {
    const age = formatDuration(now - (row.startedAt ?? now));
    return `${terminal.style('cyan', spinner)} ${row.id}  ${terminal.style('dim', `${age}  ${harmless(row.progress)}`)}`;
  };
  const say = (text: string): void => {
    area.erase();
    terminal.note(text);
    if (terminal.live) draw();
  };

  return {
    onEvent(event) {
      switch (event.kind) {
        case 'run.started':
          for (const { id, title } of event.tasks)
            rows.set(id, { id, title, startedAt: null, progress: title, result: null });
          if (terminal.live) timer = setInterval(draw, REDRAW_EVERY);
          return;
        case 'task.started': {
          const row = rows.get(event.task);
          if (row !== undefined) row.startedAt = clock.monotonic();
          return;
        }
        case 'task.progress': {
          const row = rows.get(event.task);
          if (row !== undefined) row.progress = event.text;
          return;
        }
        case 'task.finished': {
          const row = rows.get(event.result.task);
          if (row !== undefined) row.result = event.result;
          say(resultLine(event.result, terminal));
          return;
        }
        case 'task.output':
        case 'run.finished':
      }
    },
    close() {
      clearInterval(timer);
      area.erase();
    },
  };
}

/** One line for a task that has ended, with what a person needs first when it failed. */
function resultLine(result: TaskResult, terminal: Terminal): string {
  const took = terminal.style('dim', formatDuration(result.duration));
  switch (result.kind) {
    case 'ran': {
      const why = result.why.length === 0 ? '' : terminal.style('dim', ` (${describeReasons(result.why)})`);
      const notKept = result.notKept === null ? '' : terminal.style('yellow', ` not kept: ${harmless(result.notKept)}`);
      return `${terminal.style('green', '✔')} ${result.task}  ${harmless(result.summary)}  ${took}${why}${notKept}`;
    }
    case 'cached':
      return `${terminal.style('green', '●')} ${result.task}  ${harmless(result.summary)}  ${terminal.style('dim', 'from the cache')}`;
    case 'failed':
      return failedLines(result, terminal).join('\n');
    case 'skipped':
      return `${terminal.style('yellow', '○')} ${result.task}  skipped: ${harmless(result.because)}`;
    case 'cancelled':
      return `${terminal.style('yellow', '■')} ${result.task}  cancelled: ${harmless(result.because)}`;
  }
}

function failedLines(result: Extract<TaskResult, { kind: 'failed' }>, terminal: Terminal): readonly string[] {
  const code = result.code === null ? '' : ` ${terminal.style('dim', result.code)}`;
  const took = terminal.style('dim', formatDuration(result.duration));
  return [
    `${terminal.style('red', '✘')} ${result.task}${code}  ${harmless(result.summary)}  ${took}`,
    ...result.details.map((line) => `    ${harmless(line)}`),
    ...(result.hint === null ? [] : [`  ${terminal.style('cyan', 'hint')} ${harmless(result.hint)}`]),
    ...(result.log === null ? [] : [terminal.style('dim', `  log ${result.log}`)]),
  ];
}

function clip(line: string, columns: number): string {
  return widthOf(line) < columns ? line : `${line.slice(0, Math.max(0, columns - 2 + (line.length - widthOf(line))))}…`;
}
