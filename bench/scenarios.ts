/**
 * The scenario suite as a whole: how long one run of all files takes (goal below 10 s, facts/rollouts.md G2), whether a
 * hundred runs in a row come out the same to the byte, and how long a canary of 45 minutes takes (goal below 1 s, G9).
 * `node bench/scenarios.ts 10` makes ten runs.
 */

import { createHash } from 'node:crypto';
import { runRehearsal } from '../src/delivery/index.ts';
import { readScenario, readScenarios } from '../test/scenarios/read-scenarios.ts';

const RUNS = Number(process.argv[2] ?? 100);
const scenarios = await readScenarios();

interface Run {
  /** Of every result, in order. */
  readonly digest: string;
  /** Milliseconds. */
  readonly took: number;
  readonly failed: readonly string[];
}

async function runAll(): Promise<Run> {
  const digest = createHash('sha256');
  const failed: string[] = [];
  const started = performance.now();
  for (const { file, rehearsal } of scenarios) {
    const result = await runRehearsal(rehearsal);
    if (!result.ok) failed.push(file);
    digest.update(JSON.stringify(result));
  }
  return { digest: digest.digest('hex'), took: performance.now() - started, failed };
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

const runs: Run[] = [];
for (let index = 0; index < RUNS; index += 1) runs.push(await runAll());
const times = runs.map(({ took }) => took).sort((one, other) => one - other);
const most = times.at(-1) ?? Infinity;
const results = new Set(runs.map(({ digest }) => digest)).size;
const failed = [...new Set(runs.flatMap((run) => run.failed))];

const long = await readScenario('g09-forty-five-minutes.yaml');
const began = performance.now();
await runRehearsal(long);
const canary = performance.now() - began;

const median = times[Math.floor(times.length / 2)] ?? Infinity;
console.log(`scenario suite: ${scenarios.length} files, ${RUNS} runs in a row`);
console.log(`  one run: median ${seconds(median)} (goal < 10 s), slowest ${seconds(most)}`);
console.log(`  different results: ${results - 1} (goal 0), scenarios that failed: ${failed.join(', ') || 'none'}`);
console.log(`  a canary of 45 minutes: ${seconds(canary)} (goal < 1 s)`);
process.exitCode = median < 10_000 && results === 1 && failed.length === 0 && canary < 1000 ? 0 : 1;
