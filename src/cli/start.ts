/** One command line from its start to its exit code. */

import { openSystem } from '../system.ts';
import { runRun } from './commands/run.ts';
import { EXIT, type ExitCode, tellFailure } from './exit.ts';
import { createTerminal, type Terminal } from './terminal.ts';

/** Runs a command line and leaves its exit code for when the process has nothing more to do. */
export async function start(argv: readonly string[]): Promise<void> {
  const system = openSystem(process.env);
  const terminal = await openTerminal(process.env);
  const interrupted = new AbortController();
  const { signal } = interrupted;
  let code: ExitCode = EXIT.ok;
  const stop = (): void => {
    // Whoever asks twice does not want to wait for what is being put in order.
    if (signal.aborted) process.exit(EXIT.interrupted);
    interrupted.abort(Object.assign(new Error('interrupted'), { name: 'AbortError' }));
  };
  // Not `once`: with no listener left, the library that runs subprocesses would end us in the middle of this.
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const run = async (work: Promise<ExitCode>): Promise<void> => {
    code = await work;
  };
  try {
    // The command that is typed most has nothing to be parsed, and the parser takes a tenth of a run without work.
    if (argv.length === 3 && argv[2] === 'run') {
      await run(runRun(system, terminal, { stage: undefined, deploy: false, push: true, json: false, signal }));
    } else {
      const { runProgram } = await import('./program.ts');
      await runProgram(argv, { system, terminal, signal, run });
    }
  } catch (error) {
    code = tellFailure(error, terminal);
  }
  process.exitCode = signal.aborted && code === EXIT.ok ? EXIT.interrupted : code;
}

/** In a job of a CI system what we write is read by it too. */
async function openTerminal(env: NodeJS.ProcessEnv): Promise<Terminal> {
  // Looked at before anything is loaded: outside of a job there is nothing to load.
  const mayBeJob = ['GITHUB_ACTIONS', 'GITLAB_CI', 'JENKINS_URL', 'BUILD_ID'].some((name) => env[name]);
  if (!mayBeJob) return createTerminal(env);
  const { detectHost } = await import('../hosts/index.ts');
  const bridge = detectHost(env);
  if (bridge === null) return createTerminal(env);
  const { createHostTerminal } = await import('./host-terminal.ts');
  return createHostTerminal(env, bridge);
}
