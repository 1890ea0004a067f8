/** One replica as a process: started or adopted, asked whether it is ready, ended. */

import { closeSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Clock } from '../../../kernel/clock.ts';
import { isAlive, type ProcessIdentity, signalProcess, startDaemon } from '../../../kernel/subprocess.ts';
import { writeFileAtomic } from '../../../kernel/workspace.ts';
import type { ReplicaPaths } from '../home-paths.ts';
import { REPLICA_CONFIG_VARIABLE } from '../replica/config.ts';
import { withoutTime } from '../output-line.ts';
import type { ReplicaDoor } from './replica-door.ts';

/** So many characters of what a replica said last are told: what a sentence bears. */
const LONGEST_WORDS = 200;

/** How often a starting replica is asked whether it is ready. */
const ASK_EVERY = 15;

type ReplicaPhase = 'starting' | 'ready' | 'draining' | 'ending';

export interface ReplicaProcess {
  readonly id: string;
  readonly release: number;
  readonly paths: ReplicaPaths;
  /** Which one in a row of early endings it is; 0 for the first. */
  readonly attempt: number;
  phase: ReplicaPhase;
  /** When (monotonic) the present phase began. */
  since: number;
  /** When (monotonic) it became ready; `null` while it never was. */
  readyAt: number | null;
  /** Why we are ending it, as a clause; `null` when it ended by itself or as was asked. */
  blame: string | null;
  /** Whether its end was wanted: then nothing takes its place. */
  wanted: boolean;
  /** How it ended, as a clause; `null` while it lives. */
  ending(): string | null;
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
  pid(): number;
  /** Where the router reaches it; known at the latest when it is ready. */
  address(): string | null;
  /** Removes its socket and configuration; its output stays. */
  cleanUp(): void;
}

export interface ReplicaOptions {
  readonly id: string;
  readonly release: number;
  readonly paths: ReplicaPaths;
  readonly attempt: number;
  readonly door: ReplicaDoor;
  /** Takes out what must not be told of what it has said. */
  readonly redact: (text: string) => string;
  readonly clock: Clock;
  /** It became ready or ended. */
  readonly onChange: () => void;
  /** Ends the looking after it, not the replica. */
  readonly signal: AbortSignal;
}

export interface ReplicaStart extends ReplicaOptions {
  /** Program and first arguments. */
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Text of its configuration file. */
  readonly config: string;
  /** Priority of a program that does not set its own; 0 leaves it. */
  readonly niceness: number;
}

/**
 * Starts a replica in a session of its own. The configuration, by which a later agent finds it, is there before it.
 *
 * @throws Fault `subprocess/not-started`.
 */
export function startReplica(start: ReplicaStart): ReplicaProcess {
  const { paths, program, env } = start;
  writeFileAtomic(paths.config, start.config, 0o600);
  const [command = '', ...args] = program;
  let exited: string | null = null;
  const identity = startDaemon(
    {
      program: command,
      args,
      cwd: '/',
      env: { ...env, [REPLICA_CONFIG_VARIABLE]: paths.config },
      stdout: paths.stdout,
      stderr: paths.stderr,
    },
    (code, signal) => {
      exited = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`;
      start.onChange();
    },
  );
  lowerPriority(identity, start.niceness);
  return watchReplica(start, identity, () => exited);
}

/** Takes over a replica that an earlier agent has started. With `serving` it is known to be ready. */
export function adoptReplica(options: ReplicaOptions, identity: ProcessIdentity, serving: boolean): ReplicaProcess {
  const replica = watchReplica(options, identity, () => (isAlive(identity) ? null : 'ended'));
  if (serving) becomeReady(replica, options);
  return replica;
}

/** Of its first thread, from which the others have it. */
function lowerPriority({ pid }: ProcessIdentity, niceness: number): void {
  if (niceness === 0) return;
  try {
    setPriority(pid, niceness);
  } catch {
    // It has ended, or is nicer already.
  }
}

function watchReplica(options: ReplicaOptions, identity: ProcessIdentity, ended: () => string | null): ReplicaProcess {
  const { id, release, paths, attempt, door, redact, clock } = options;
  const replica: ReplicaProcess = {
    id,
    release,
    paths,
    attempt,
    phase: 'starting',
    since: clock.monotonic(),
    readyAt: null,
    blame: null,
    wanted: false,
    ending() {
      const how = ended();
      if (how === null) return null;
      const last = lastLineOf(paths.stderr);
      // Cut only after: half of a secret would not be recognised.
      return `${replica.blame ?? how}${last === '' ? '' : `: ${redact(last).slice(0, LONGEST_WORDS)}`}`;
    },
    signal: (signal) => void signalProcess(identity, signal, signal === 'SIGKILL'),
    pid: () => identity.pid,
    address: () => door.address(),
    cleanUp() {
      rmSync(paths.config, { force: true });
      rmSync(paths.socket, { force: true });
    },
  };
  void askUntilReady(replica, options);
  return replica;
}

async function askUntilReady(replica: ReplicaProcess, options: ReplicaOptions): Promise<void> {
  while (replica.phase === 'starting' && replica.ending() === null && !options.signal.aborted) {
    const ready = await options.door.isReady();
    // It may have been told to end while it was asked.
    if (replica.phase !== 'starting') return;
    if (ready) {
      becomeReady(replica, options);
      options.onChange();
      return;
    }
    await options.clock.sleep(ASK_EVERY);
  }
}

function becomeReady(replica: ReplicaProcess, { clock }: ReplicaOptions): void {
  replica.phase = 'ready';
  replica.since = clock.monotonic();
  replica.readyAt = replica.since;
}

/** The last line with anything on it in the last kilobytes of a file. */
function lastLineOf(path: string): string {
  try {
    const { size } = statSync(path);
    const buffer = Buffer.alloc(Math.min(size, 4096));
    const file = openSync(path, 'r');
    try {
      readSync(file, buffer, 0, buffer.length, size - buffer.length);
    } finally {
      closeSync(file);
    }
    const lines = buffer
      .toString('utf8')
      .split('\n')
      .map((line) => line.trim());
    return withoutTime(lines.findLast((line) => line !== '') ?? '');
  } catch {
    return '';
  }
}
