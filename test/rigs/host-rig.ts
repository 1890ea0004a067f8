/**
 * A stage for CI runners that run here: a repository of the example with branches and environments, a home that outlives
 * the jobs as that of a runner of one's own does, and `slipway` on PATH. What happened is read from the journal of the home.
 */

import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Journal, openSqliteJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { type Finished, runCommand } from '../../src/kernel/subprocess.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { readEnvironments } from '../../src/delivery/index.ts';
import { leftoversOf } from '../leftovers.ts';
import { git, makeRepository } from './git-repository.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
const EXAMPLE = join(CHECKOUT, 'examples/herald');

/** Everything is there on the runner. Rolling, so that nobody has to send requests for a judge. */
export const HOST_PROJECT = `service: herald
branches: gitflow
environments:
  staging: { strategy: rolling }
  production: { strategy: rolling }
ci: { install: [] }
`;

export interface HostStage {
  /** All that belongs to it lies below. */
  readonly scratch: string;
  readonly repository: string;
  /** Of the jobs: PATH, SLIPWAY_HOME, where Cargo and rustup keep their things. */
  readonly env: Readonly<Record<string, string>>;
  slipway(...args: readonly string[]): Promise<Finished>;
  /** Since `mark`: which tasks there were, and which of them were done and not known from a cache. Sorted. */
  tasksSince(mark: number): DoneTasks;
  /** The newest entry of the journal. */
  mark(): number;
  /** Digests of all images that the home has. */
  images(): readonly string[];
  /** Environment → digest of the image that serves there. */
  deployed(): Readonly<Record<string, string>>;
  /** Ends the agent and what it drives, and removes the stage. @returns command lines of processes that are left */
  close(): Promise<readonly string[]>;
}

export interface DoneTasks {
  readonly all: readonly string[];
  readonly ran: readonly string[];
  /** Done more than once. */
  readonly repeated: readonly string[];
}

/** @param files Beside those of the example; all is committed on `main`, `develop` and the tag `v1.2.3`. */
export async function hostStage(files: Readonly<Record<string, string>>): Promise<HostStage> {
  const scratch = temporaryFolder('slipway-host-');
  const repository = join(scratch, 'herald');
  const home = join(scratch, 'home');
  await bundle(scratch);
  const env = { ...runnerEnvironment(scratch), SLIPWAY_HOME: home, SLIPWAY_PORT: '0' };
  const slipway = (...args: readonly string[]): Promise<Finished> =>
    runCommand({ program: 'slipway', args, cwd: repository, env: { ...env, HOME: scratch } });
  const left = new Set(['target', 'demo', '.slipway', 'slipway.yaml'].map((name) => join(EXAMPLE, name)));
  cpSync(EXAMPLE, repository, { recursive: true, filter: (path) => !left.has(path) });
  writeFileSync(join(repository, 'slipway.yaml'), HOST_PROJECT);
  writeFileSync(join(repository, '.gitignore'), 'target/\n.slipway/\n');
  await makeRepository(repository, files);
  await git(repository, 'branch', 'develop');
  await git(repository, 'tag', 'v1.2.3');
  const inJournal = <T>(read: (journal: Journal) => T): T => {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const journal = openSqliteJournal({ path: join(home, 'slipway.db'), clock: systemClock });
    try {
      return read(journal);
    } finally {
      journal.close();
    }
  };
  return {
    scratch,
    repository,
    env,
    slipway,
    mark: () => inJournal((journal) => journal.read({ newest: true, limit: 1 })[0]?.seq ?? 0),
    tasksSince: (mark) => inJournal((journal) => tasksIn(journal, mark)),
    images: () => imagesIn(join(home, 'images')),
    deployed: () => inJournal(deployedIn),
    async close() {
      await slipway('down');
      const left = leftoversOf(scratch).map(({ command }) => command);
      // With caches and compiled crates it is a gigabyte.
      rmSync(scratch, { recursive: true, force: true });
      return left;
    },
  };
}

/** How this machine reaches its registries, and where its compilers are. */
const KEPT =
  /^(CARGO_HOME|RUSTUP_.*|XDG_CACHE_HOME|LANG|NODE_EXTRA_CA_CERTS|SSL_CERT_.*|.*_proxy|npm_config_(registry|cafile))$/i;

/** What a runner of one's own has, and nothing of the machine that the tests run on beside it. */
function runnerEnvironment(scratch: string): Readonly<Record<string, string>> {
  const bin = join(scratch, 'bin');
  mkdirSync(bin);
  const program = join(scratch, 'dist/slipway.cjs');
  const script = `#!/bin/sh\nexec "${process.execPath}" --disable-warning=ExperimentalWarning "${program}" "$@"\n`;
  writeFileSync(join(bin, 'slipway'), script);
  chmodSync(join(bin, 'slipway'), 0o755);
  const home = homedir();
  const given = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && KEPT.test(name) ? [[name, value] as const] : [],
  );
  return {
    // A runner has a home of its own; what is installed for this user is there all the same.
    CARGO_HOME: join(home, '.cargo'),
    RUSTUP_HOME: join(home, '.rustup'),
    XDG_CACHE_HOME: join(home, '.cache'),
    NPM_CONFIG_USERCONFIG: join(home, '.npmrc'),
    ...Object.fromEntries(given),
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
  };
}

/** A copy: whoever works on the checkout meanwhile makes another one in its place. */
async function bundle(scratch: string): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: homedir() };
  const { exitCode, stderr } = await runCommand({ program: process.execPath, args: ['build.ts'], cwd: CHECKOUT, env });
  if (exitCode !== 0) throw new Error(`the bundle could not be made: ${stderr}`);
  cpSync(join(CHECKOUT, 'dist'), join(scratch, 'dist'), { recursive: true });
  symlinkSync(join(CHECKOUT, 'node_modules'), join(scratch, 'node_modules'));
}

function tasksIn(journal: Journal, after: number): DoneTasks {
  const finished = journal
    .read({ after, kinds: ['task.finished'] })
    .map(({ data }) => JSON.parse(JSON.stringify(data)) as TaskFinished);
  const bad = finished.filter(({ outcome }) => outcome !== 'ran' && outcome !== 'cached');
  if (bad.length > 0)
    throw new Error(bad.map(({ task, outcome, summary }) => `${task} ${outcome}: ${summary}`).join('\n'));
  const sorted = (tasks: readonly TaskFinished[]): readonly string[] => tasks.map(({ task }) => task).sort();
  const once = (names: readonly string[]): readonly string[] => [...new Set(names)];
  const ran = sorted(finished.filter(({ outcome }) => outcome === 'ran'));
  return {
    all: once(sorted(finished)),
    ran: once(ran),
    repeated: once(ran.filter((task, index) => ran[index - 1] === task)),
  };
}

interface TaskFinished {
  readonly task: string;
  readonly outcome: string;
  readonly summary?: string;
}

function imagesIn(layout: string): readonly string[] {
  const index = join(layout, 'index.json');
  if (!existsSync(index)) return [];
  const { manifests } = JSON.parse(readFileSync(index, 'utf8')) as {
    readonly manifests: readonly { readonly digest: string; readonly mediaType: string }[];
  };
  const indexes = manifests.filter(({ mediaType }) => mediaType === 'application/vnd.oci.image.index.v1+json');
  return [...new Set(indexes.map(({ digest }) => digest))];
}

function deployedIn(journal: Journal): Readonly<Record<string, string>> {
  const serving = [...readEnvironments(journal).values()].flatMap(({ key, now, releases }) => {
    const image = now?.stable === null || now?.stable === undefined ? undefined : releases[now.stable]?.content.image;
    return image === undefined ? [] : [[key, image] as const];
  });
  return Object.fromEntries(serving);
}
