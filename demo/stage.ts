/** A demo's stage: a scratch folder with a git repository of the example, fresh homes, and `slipway` to run in them. */

import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CHECKOUT = join(import.meta.dirname, '..');
const EXAMPLE = join(CHECKOUT, 'examples', 'herald');

export interface StageOptions {
  /** Added to the example's `slipway.yaml`. */
  readonly settings: string;
  /** Folder to make everything in; a new one when absent. */
  readonly scratch?: string;
}

export interface Stage extends Machine {
  readonly scratch: string;
  readonly repository: string;
  /** Applies one of the example's changes and commits it. */
  commit(change: 'good' | 'bad', message: string): void;
  /** Takes the last commit back by another one. */
  revert(message: string): void;
  /** Somebody else's, with a home of its own; on the screen its commands begin with that name. */
  machine(name: string, env?: Readonly<Record<string, string>>): Machine;
  remove(): void;
}

/** Whose command line runs in the repository. */
export interface Machine {
  readonly home: string;
  /** Runs the command line, its output on the screen; gives what it printed too. */
  slipway(...args: readonly string[]): Promise<Finished>;
  /** The same with `| SHELL` after it on the screen, and nothing of the output. */
  slipwayInto(shell: string, ...args: readonly string[]): Promise<Finished>;
}

export interface Finished {
  readonly code: number;
  readonly output: string;
  readonly milliseconds: number;
}

export function createScratch(): string {
  return mkdtempSync(join(tmpdir(), 'slipway-demo-'));
}

export function setStage({ settings, scratch = createScratch() }: StageOptions): Stage {
  const repository = join(scratch, 'herald');
  const git = (...args: readonly string[]): void => {
    const identity = ['-c', 'user.name=demo', '-c', 'user.email=demo@example.invalid', '-c', 'commit.gpgsign=false'];
    execFileSync('git', [...identity, ...args], { cwd: repository, stdio: ['ignore', 'ignore', 'inherit'] });
  };
  mkdirSync(repository, { recursive: true });
  const left = new Set(['target', 'demo', '.slipway'].map((name) => join(EXAMPLE, name)));
  cpSync(EXAMPLE, repository, { recursive: true, filter: (path) => !left.has(path) });
  appendFileSync(join(repository, 'slipway.yaml'), settings);
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'feat: herald writes release notes');

  return {
    scratch,
    repository,
    ...createMachine({ prompt: '$', home: join(scratch, 'home'), repository }),
    commit(change, message) {
      execFileSync('git', ['apply', join(EXAMPLE, 'demo', 'changes', `${change}.patch`)], { cwd: repository });
      git('commit', '--quiet', '--all', '--message', message);
      console.log(`\n$ git commit --all --message '${message}'`);
    },
    revert(message) {
      git('revert', '--no-commit', 'HEAD');
      git('commit', '--quiet', '--all', '--message', message);
      console.log(`\n$ git revert HEAD    # ${message}`);
    },
    machine: (name, env = {}) =>
      createMachine({ prompt: `${name} $`, home: join(scratch, `home-${name}`), repository, env }),
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  };
}

interface MachineParts {
  readonly prompt: string;
  readonly home: string;
  readonly repository: string;
  readonly env?: Readonly<Record<string, string>>;
}

function createMachine({ prompt, home, repository, env: more = {} }: MachineParts): Machine {
  const env = {
    ...process.env,
    SLIPWAY_HOME: home,
    // What was built once stays built: the cache is the checkout's, everything else is new.
    SLIPWAY_CACHE: join(CHECKOUT, '.slipway', 'cache'),
    CI: undefined,
    // Its output goes through us, so it can't see that there is a terminal.
    ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
    ...more,
  };
  const run = (args: readonly string[], shell: string | null): Promise<Finished> => {
    console.log(`\n${prompt} slipway ${args.join(' ')}${shell === null ? '' : ` | ${shell}`}`);
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const child = spawn(join(CHECKOUT, 'bin', 'slipway'), args, {
        cwd: repository,
        env: shell === null ? env : { ...env, FORCE_COLOR: undefined },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (piece: string) => {
        output += piece;
        if (shell === null) process.stdout.write(piece);
      });
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? -1, output, milliseconds: performance.now() - began }));
    });
  };
  return {
    home,
    slipway: (...args) => run(args, null),
    slipwayInto: (shell, ...args) => run(args, shell),
  };
}

export function expectCode({ code }: Finished, wanted: number): void {
  if (code !== wanted) throw new Error(`the command ended with ${code}, not ${wanted}`);
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
