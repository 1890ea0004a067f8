/** The end-to-end gate: the project's own tests, a Postman collection or a command, against the release. */

import type { EndToEndPlan, GateVerdict } from '../delivery/index.ts';
import { runCommand } from '../kernel/subprocess.ts';
import { runPostman } from './postman.ts';

export interface EndToEndOptions {
  readonly plan: EndToEndPlan | null;
  /** Where the release answers. */
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export function runEndToEnd({ plan, ...options }: EndToEndOptions): Promise<GateVerdict> {
  if (plan === null) return Promise.resolve({ kind: 'error', summary: 'the project has no tests.e2e' });
  return plan.kind === 'postman' ? runPostman({ ...options, plan }) : runTests({ ...options, plan });
}

interface TestsOptions extends EndToEndOptions {
  readonly plan: EndToEndPlan;
}

/** What a shell exits with when there is no such program, or it may not be run. */
const NOT_RUN: ReadonlySet<number | null> = new Set([126, 127]);

/** The tests get the address of the release as `SLIPWAY_URL`. */
async function runTests({ plan, url, environment, signal }: TestsOptions): Promise<GateVerdict> {
  const output: string[] = [];
  const { exitCode, signal: killedBy } = await runCommand({
    program: 'sh',
    args: ['-c', plan.what],
    cwd: plan.folder,
    env: { ...environment, SLIPWAY_URL: url },
    onOutput: (piece) => output.push(piece),
    signal,
  });
  signal.throwIfAborted();
  if (exitCode === 0) return { kind: 'passed', summary: `${plan.what} passed` };
  const ending = exitCode === null ? `was ended by ${killedBy ?? 'a signal'}` : `ended with exit code ${exitCode}`;
  const said = lastLines(output.join(''));
  const summary = `${plan.what} ${ending}${said === '' ? '' : `: ${said}`}`;
  return { kind: NOT_RUN.has(exitCode) ? 'error' : 'failed', summary };
}

const LINES_TOLD = 5;
const CHARACTERS_TOLD = 500;

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-LINES_TOLD).join(' | ').slice(-CHARACTERS_TOLD);
}
