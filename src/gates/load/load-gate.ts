/** The load gate: so many requests per second, for so long, must be answered in time and well. */

import type { GateVerdict, LoadPlan } from '../../delivery/index.ts';
import { formatDuration, formatShare } from '../../kernel/quantity.ts';
import { runCommand } from '../../kernel/subprocess.ts';
import { connectionTo } from '../connection.ts';
import type { LoadOrder, LoadReport } from './load-report.ts';

export interface LoadOptions {
  readonly load: LoadPlan;
  /** Where the release answers. */
  readonly url: string;
  /** Program and first arguments of the generator. */
  readonly program: readonly string[];
  readonly signal: AbortSignal;
}

/** How long the generator may take beyond the load: its start, and answers that are late. */
const PATIENCE = 30_000;

export async function runLoad({ load, url, program, signal }: LoadOptions): Promise<GateVerdict> {
  const { origin, host } = connectionTo(url);
  const order = orderOf(load, { url: new URL(load.path, origin).href, host });
  const [name = '', ...first] = program;
  const { exitCode, stdout, stderr, ended } = await runCommand({
    program: name,
    args: [...first, JSON.stringify(order)],
    cwd: '/',
    env: {},
    timeout: load.for + PATIENCE,
    signal,
  });
  signal.throwIfAborted();
  if (exitCode !== 0) {
    const why = ended === 'timeout' ? 'it did not end' : (stderr.trim().split('\n').at(-1) ?? '');
    return { kind: 'error', summary: `the load could not be generated: ${why}` };
  }
  return judgeLoad(load, JSON.parse(stdout) as LoadReport);
}

/** What a load that names no time is expected to be answered in, to know how many connections it takes. */
const USUAL_ANSWER = 100;
const MOST_CONNECTIONS = 200;

/** As many connections as the rate needs when every answer takes the longest time that is allowed (Little's law). */
function orderOf({ rate, p99, for: time }: LoadPlan, where: Pick<LoadOrder, 'url' | 'host'>): LoadOrder {
  const whole = Math.max(1, Math.round(rate));
  const needed = Math.ceil((whole * (p99 ?? USUAL_ANSWER)) / 1000);
  const connections = Math.min(Math.max(1, needed), whole, MOST_CONNECTIONS);
  return { ...where, rate: whole, seconds: time / 1000, connections };
}

/** A release that answers fewer than this share of what was to be asked does not bear the load. */
const LEAST_ANSWERED = 0.9;

export function judgeLoad(load: LoadPlan, report: LoadReport): GateVerdict {
  const { answered, statuses, unanswered, reachable, complaint, p99, p50 } = report;
  const asked = answered + unanswered;
  if (!reachable) return { kind: 'error', summary: `nothing can be reached at the address: ${complaint}` };
  if (asked === 0) return { kind: 'error', summary: 'not one request was sent' };
  if (answered === 0) return { kind: 'failed', summary: `none of ${asked} requests was answered: ${complaint}` };
  const broken = Object.entries(statuses)
    .filter(([status]) => Number(status) >= 500)
    .reduce((sum, [, count]) => sum + count, 0);
  const failed = broken + unanswered;
  const perSecond = answered / (load.for / 1000);
  const all = `${answered} answers (${told(statuses)}), half within ${time(p50)}, 99% within ${time(p99)}`;
  const fails: string[] = [];
  if (failed > load.errors * asked) {
    const share = formatShare(failed / asked, 2);
    fails.push(`${share} failed (${failed} of ${asked}), allowed are ${formatShare(load.errors, 2)}`);
  }
  if (load.p99 !== null && (p99 ?? Infinity) > load.p99) {
    fails.push(`99% were answered within ${time(p99)}, allowed are ${formatDuration(load.p99)}`);
  }
  if (perSecond < load.rate * LEAST_ANSWERED) {
    fails.push(`only ${Math.round(perSecond)}/s were answered of the ${load.rate}/s asked for`);
  }
  return fails.length > 0
    ? { kind: 'failed', summary: `${fails.join('; ')}: ${all}` }
    : { kind: 'passed', summary: all };
}

function told(statuses: Readonly<Record<string, number>>): string {
  return Object.entries(statuses)
    .map(([status, count]) => `${count} × ${status}`)
    .join(', ');
}

function time(milliseconds: number | null): string {
  return milliseconds === null ? '?' : formatDuration(Math.max(1, milliseconds));
}
