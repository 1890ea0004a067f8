/**
 * A Postman collection, run by newman: in a process of its own, since it brings some hundred packages that the agent
 * should not carry from then on.
 */

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { EndToEndPlan, GateVerdict } from '../delivery/index.ts';
import { runCommand } from '../kernel/subprocess.ts';
import { temporaryFolder } from '../kernel/workspace.ts';

export interface PostmanOptions {
  readonly plan: EndToEndPlan;
  /** Becomes the variable `baseUrl` of the collection. */
  readonly url: string;
  readonly signal: AbortSignal;
}

/** Milliseconds that one request may take. */
const REQUEST_LIMIT = 30_000;

export async function runPostman({ plan, url, signal }: PostmanOptions): Promise<GateVerdict> {
  const collection = join(plan.folder, plan.what);
  if (!existsSync(collection)) return { kind: 'error', summary: `there is no collection ${collection}` };
  const folder = temporaryFolder('slipway-postman-');
  const report = join(folder, 'report.json');
  try {
    const { stderr } = await runCommand({
      program: process.execPath,
      args: [
        '--disable-warning=DeprecationWarning',
        newmanProgram(),
        'run',
        collection,
        `--env-var=baseUrl=${url}`,
        '--reporters=json',
        `--reporter-json-export=${report}`,
        `--timeout-request=${REQUEST_LIMIT}`,
        `--working-dir=${plan.folder}`,
      ],
      cwd: plan.folder,
      env: {},
      signal,
    });
    signal.throwIfAborted();
    if (!existsSync(report)) {
      return { kind: 'error', summary: `${plan.what} could not be run: ${stderr.trim().split('\n')[0]}` };
    }
    return verdictOf(plan.what, JSON.parse(readFileSync(report, 'utf8')) as PostmanReport);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function newmanProgram(): string {
  const resolve = createRequire(join(import.meta.dirname, 'postman.ts')).resolve;
  return join(dirname(resolve('newman')), 'bin', 'newman.js');
}

/** What we read of newman's JSON report. */
interface PostmanReport {
  readonly run: {
    readonly stats: Readonly<Record<'requests' | 'assertions', { readonly total: number; readonly failed: number }>>;
    readonly failures: readonly {
      readonly source?: { readonly name?: string };
      readonly error: { readonly test?: string; readonly message: string };
    }[];
  };
}

const FAILURES_TOLD = 3;

function verdictOf(what: string, { run }: PostmanReport): GateVerdict {
  const { requests, assertions } = run.stats;
  const all = `${assertions.total} assertions in ${requests.total} requests of ${what}`;
  if (requests.total === 0) return { kind: 'error', summary: `${what} has no request` };
  if (run.failures.length === 0) return { kind: 'passed', summary: `${all} hold` };
  const told = run.failures.slice(0, FAILURES_TOLD).map(({ source, error }) => {
    return [source?.name, error.test, error.message].filter((part) => part !== undefined).join(': ');
  });
  const more = run.failures.length > FAILURES_TOLD ? `; and ${run.failures.length - FAILURES_TOLD} more` : '';
  return { kind: 'failed', summary: `${run.failures.length} of ${all} fail: ${told.join('; ')}${more}` };
}
