/** The demo's stage: a scratch folder with a git repository of the example, a fresh home, and `slipway` to run in it. */

import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CHECKOUT = join(import.meta.dirname, '..');
const EXAMPLE = join(CHECKOUT, 'examples', 'herald');

/** What the demo adds to the example's `slipway.yaml`: the same canary as always, only with short pauses. */
const ENVIRONMENT = `
environments:
  local:
    replicas: 2
    strategy:
      canary:
        steps: [{ weight: 5% }, { pause: 15s }, { weight: 25% }, { pause: 10s }, { weight: 50% }, { pause: 10s }, { weight: 100% }]
`;

export interface Stage {
  readonly scratch: string;
  readonly repository: string;
  readonly home: string;
  /** Runs the command line in the repository, its output on the screen; gives what it printed too. */
  slipway(...args: readonly string[]): Promise<Finished>;
  /** Applies one of the example's changes and commits it. */
  commit(change: 'good' | 'bad', message: string): void;
  remove(): void;
}

export interface Finished {
  readonly code: number;
  readonly output: string;
  readonly milliseconds: number;
}

export function setStage(): Stage {
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-demo-'));
  const repository = join(scratch, 'herald');
  const home = join(scratch, 'home');
  const env = {
    ...process.env,
    SLIPWAY_HOME: home,
    // What was built once stays built: the cache is the checkout's, everything else is new.
    SLIPWAY_CACHE: join(CHECKOUT, '.slipway', 'cache'),
    CI: undefined,
    // Its output goes through us, so it can't see that there is a terminal.
    ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
  };
  const git = (...args: readonly string[]): void => {
    const identity = ['-c', 'user.name=demo', '-c', 'user.email=demo@example.invalid', '-c', 'commit.gpgsign=false'];
    execFileSync('git', [...identity, ...args], { cwd: repository, stdio: ['ignore', 'ignore', 'inherit'] });
  };
  mkdirSync(repository, { recursive: true });
  const left = new Set(['target', 'demo', '.slipway'].map((name) => join(EXAMPLE, name)));
  cpSync(EXAMPLE, repository, { recursive: true, filter: (path) => !left.has(path) });
  appendFileSync(join(repository, 'slipway.yaml'), ENVIRONMENT);
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'feat: herald writes release notes');

  return {
    scratch,
    repository,
    home,
    slipway(...args) {
      console.log(`\n$ slipway ${args.join(' ')}`);
      const began = performance.now();
      return new Promise((resolve, reject) => {
        const child = spawn(join(CHECKOUT, 'bin', 'slipway'), args, {
          cwd: repository,
          env,
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let output = '';
        child.stdout.setEncoding('utf8').on('data', (piece: string) => {
          output += piece;
          process.stdout.write(piece);
        });
        child.on('error', reject);
        child.on('close', (code) => resolve({ code: code ?? -1, output, milliseconds: performance.now() - began }));
      });
    },
    commit(change, message) {
      execFileSync('git', ['apply', join(EXAMPLE, 'demo', 'changes', `${change}.patch`)], { cwd: repository });
      git('commit', '--quiet', '--all', '--message', message);
      console.log(`\n$ git commit --all --message '${message}'`);
    },
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  };
}
