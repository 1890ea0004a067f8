/** The one door to other programs: run one to its end, or start one that outlives us. */

import { spawn } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { Fault, systemCodeOf } from './fault.ts';
import { randomIdentifier } from './random.ts';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the program: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** After this long the program and its descendants get SIGTERM, and SIGKILL two seconds later. */
  readonly timeout?: number;
  /** Called with each piece of output as it comes. */
  readonly onOutput?: (piece: string, stream: 'stdout' | 'stderr') => void;
  readonly signal?: AbortSignal;
}

export interface Finished {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ended: 'itself' | 'timeout' | 'cancelled';
}

/**
 * Runs a program in a process group of its own, which is killed as a whole on timeout and cancellation.
 * A program that exits with any code is a result, not an error.
 *
 * @throws Fault `subprocess/not-found` (usage) when there is no such program.
 */
export async function runCommand(command: Command): Promise<Finished> {
  // Loading it takes longer than a small program runs, and most commands of ours run none through it.
  const { execa } = await import('execa');
  const child = execa(command.program, [...command.args], {
    cwd: command.cwd,
    env: { ...command.env },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    killDescendants: true,
    forceKillAfterDelay: 2000,
    maxBuffer: 64 * 1024 * 1024,
    ...(command.input === undefined ? { stdin: 'ignore' as const } : { input: command.input }),
    ...(command.timeout === undefined ? {} : { timeout: command.timeout }),
    ...(command.signal === undefined ? {} : { cancelSignal: command.signal }),
  });
  if (command.onOutput) {
    const { onOutput } = command;
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => onOutput(piece, 'stdout'));
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => onOutput(piece, 'stderr'));
  }
  const result = await child;
  if (result.code === 'ENOENT') throw notFound(command.program, result.cause);
  return {
    exitCode: result.exitCode ?? null,
    signal: result.signal ?? null,
    stdout: result.stdout ?? '',
    stderr: result.stderr ?? '',
    ended: result.isCanceled ? 'cancelled' : result.timedOut ? 'timeout' : 'itself',
  };
}

/**
 * Runs a small program that starts no others (`git status`) to its end, without loading what `runCommand` needs.
 * On timeout and cancellation it gets SIGKILL.
 *
 * @throws Fault `subprocess/not-found` (usage) when there is no such program.
 */
export function runBriefly(command: Omit<Command, 'input' | 'onOutput'>): Promise<Finished> {
  const { program, args, cwd, env, timeout, signal } = command;
  signal?.throwIfAborted();
  // Reading two pipes costs us more time than such a program takes, so it writes into files.
  const [stdout, stderr] = [openUnnamedFile(), openUnnamedFile()];
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { cwd, env: { ...env }, stdio: ['ignore', stdout, stderr] });
    let ended: Finished['ended'] = 'itself';
    const end = (why: Finished['ended']): void => {
      ended = why;
      child.kill('SIGKILL');
    };
    const timer = timeout === undefined ? undefined : setTimeout(() => end('timeout'), timeout);
    const onAbort = (): void => end('cancelled');
    signal?.addEventListener('abort', onAbort, { once: true });
    const settle = (): { readonly stdout: string; readonly stderr: string } => {
      child.removeAllListeners();
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      return { stdout: readAndClose(stdout), stderr: readAndClose(stderr) };
    };
    child.on('error', (error) => {
      settle();
      reject(systemCodeOf(error) === 'ENOENT' ? notFound(program, error) : error);
    });
    child.on('exit', (exitCode, killedBy) => resolve({ exitCode, signal: killedBy, ...settle(), ended }));
  });
}

/** An empty file for us and our children that has no name any more, so that nothing is left of it. */
function openUnnamedFile(): number {
  const path = join(tmpdir(), `slipway-${process.pid}-${randomIdentifier(12)}`);
  const file = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return file;
}

/** From its beginning: where a child has stopped writing is where we would go on. */
function readAndClose(file: number): string {
  const content = Buffer.alloc(fstatSync(file).size);
  readSync(file, content, 0, content.length, 0);
  closeSync(file);
  return content.toString('utf8');
}

function notFound(program: string, cause: unknown): Fault {
  return new Fault({
    code: 'subprocess/not-found',
    kind: 'usage',
    message: `The program ${program} was not found.`,
    hint: `Install ${program} or put it on PATH.`,
    cause,
  });
}

/** The absolute path of the first program of that name on a search path (`PATH`), as `execvp` would find it. */
export function findProgram(name: string, searchPath: string): string | undefined {
  const candidates = isAbsolute(name) ? [name] : searchPath.split(delimiter).map((folder) => join(folder || '.', name));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}

export interface Daemon {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Files that its output is appended to. */
  readonly stdout: string;
  readonly stderr: string;
}

/** A process, told apart from a later one with the same number by when it started. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot at which it started (`/proc/PID/stat`, field 22). */
  readonly started: string;
}

/**
 * Starts a program in a session of its own that goes on when we end. `onExit` is called if it ends while we live.
 *
 * @throws Fault `subprocess/not-started` when it can't be started or is gone at once.
 */
export function startDaemon(
  daemon: Daemon,
  onExit?: (code: number | null, signal: string | null) => void,
): ProcessIdentity {
  const stdout = openSync(daemon.stdout, 'a', 0o600);
  const stderr = openSync(daemon.stderr, 'a', 0o600);
  try {
    const child = spawn(daemon.program, [...daemon.args], {
      cwd: daemon.cwd,
      env: { ...daemon.env },
      detached: true,
      stdio: ['ignore', stdout, stderr],
    });
    // Without a listener a failed start would be thrown as an uncaught error; the pid tells it below.
    child.on('error', () => undefined);
    if (onExit) child.on('exit', onExit);
    child.unref();
    const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
    if (identity) return identity;
    throw new Fault({
      code: 'subprocess/not-started',
      kind: 'refused',
      message: `${daemon.program} could not be started.`,
      hint: `Read ${daemon.stderr} for what it said.`,
    });
  } finally {
    closeSync(stdout);
    closeSync(stderr);
  }
}

/** The identity of a live process, `undefined` when there is none (or only a zombie). Linux only: reads `/proc`. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name stands in parentheses and may hold anything, so count from the last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const started = fields[19];
    return fields[0] === 'Z' || started === undefined ? undefined : { pid, started };
  } catch {
    return undefined;
  }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.started === identity.started;
}

/** Sends a signal to exactly that process (with `group`: to its process group); false when it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals, group = false): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(group ? -identity.pid : identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}
