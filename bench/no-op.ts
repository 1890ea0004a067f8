/**
 * A run that changes nothing, against the least that Node can do: `slipway run` with everything in the cache and
 * `node -e 0` of the same binary, in turn, 20 times each. Goal: at most 3 × (minima).
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CHECKOUT = join(import.meta.dirname, '..');
const GOAL = 3;
const RUNS = 20;

const scratch = mkdtempSync(join(tmpdir(), 'slipway-no-op-'));
const project = join(scratch, 'herald');
const example = join(CHECKOUT, 'examples', 'herald');
const slipway = join(CHECKOUT, 'bin', 'slipway');
const env = {
  ...process.env,
  CI: undefined,
  SLIPWAY_HOME: join(scratch, 'home'),
  SLIPWAY_CACHE: join(CHECKOUT, '.slipway', 'cache'),
};

try {
  cpSync(example, project, { recursive: true, filter: (path) => path !== join(example, 'target') });
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: project, stdio: 'ignore' });
  git('init', '--initial-branch=main');
  git('add', '--all');
  git('-c', 'user.name=bench', '-c', 'user.email=bench@example.invalid', 'commit', '--message', 'bench');
  const run = () => execFileSync(slipway, ['run'], { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
  run();
  // Files are trusted by their times only when these are some seconds old.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  run();
  const times = { node: [] as number[], slipway: [] as number[] };
  for (let count = 0; count < RUNS; count += 1) {
    times.node.push(timeOf(() => execFileSync(process.execPath, ['-e', '0'], { stdio: 'ignore' })));
    times.slipway.push(timeOf(run));
  }
  const [node, mine] = [Math.min(...times.node), Math.min(...times.slipway)];
  const ratio = mine / node;
  console.log(`node -e 0     ${node.toFixed(1)} ms (minimum of ${RUNS})`);
  console.log(`slipway run   ${mine.toFixed(1)} ms (minimum of ${RUNS}, interleaved)`);
  console.log(`ratio         ${ratio.toFixed(2)}, goal: at most ${GOAL}`);
  process.exitCode = ratio <= GOAL ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function timeOf(work: () => unknown): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}
