/** Keeps the router process running: adopts the one that is there, starts it anew when it has died or hangs. */

import { readFileSync } from 'node:fs';
import type { Clock } from '../../kernel/clock.ts';
import { type ProcessIdentity, isAlive, signalProcess, startDaemon } from '../../kernel/subprocess.ts';
import { writeFileAtomic } from '../../kernel/workspace.ts';
import { embeddedFault } from './embedded-fault.ts';
import type { HomePaths } from './home-paths.ts';
import { createRouterClient, type RouterClient } from './router-client.ts';
import { ROUTER_VARIABLE, type RouterConfig, type RouterState } from './router/router-config.ts';
import { findProcesses } from './supervisor/processes.ts';

const START_LIMIT = 10_000;
/**
 * A router that lives is taken for a hanging one, ended and started anew, when so many looks in a row went unanswered
 * over at least this long. Time alone says nothing: we may have been held up ourselves.
 */
const HANG_LIMIT = 5000;
const HANG_LOOKS = 3;
/** The router lets requests in flight finish for up to ten seconds. */
const STOP_LIMIT = 12_000;
const FIRST_DELAY = 50;
const LONGEST_DELAY = 5000;

export interface RouterKeeper {
  readonly client: RouterClient;
  /** Adopts or starts it. @throws Fault `embedded/port-taken`, `embedded/router-not-started`. */
  start(): Promise<void>;
  info(): { readonly url: string; readonly pid: number };
  /** Its state; `null` when it does not answer. */
  look(): Promise<RouterState | null>;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Looks after it no more, and lets it run. */
  leave(): void;
}

export interface RouterKeeperOptions {
  readonly paths: HomePaths;
  /** Program and first arguments. */
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Port 0: any free one, which is then kept. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly clock: Clock;
  /** It has been started anew: what it should know must be told again. */
  readonly onRestart: () => void;
}

export function createRouterKeeper(options: RouterKeeperOptions): RouterKeeper {
  const { paths, program, env, listen, clock, onRestart } = options;
  const client = createRouterClient(paths.router.control);
  let identity: ProcessIdentity | null = null;
  let port = 0;
  let left = false;
  let delay = 0;
  /** Since when (monotonic) it has answered; `null` while it is down or comes up. */
  let servingSince: number | null = null;
  /** The present row of unanswered looks: when the first began, and how many. */
  let unanswered: { readonly since: number; readonly looks: number } | null = null;
  let restarting: Promise<void> | null = null;

  const spawn = (): { exited: () => boolean } => {
    let exited = false;
    const [command = '', ...args] = program;
    const config: RouterConfig = {
      listen: { host: listen.host, port: listen.port === 0 ? keptPort(paths.router.config) : listen.port },
      control: paths.router.control,
      table: paths.router.table,
      logs: paths.logs,
    };
    writeFileAtomic(paths.router.config, JSON.stringify(config), 0o600);
    identity = startDaemon(
      {
        program: command,
        args,
        cwd: '/',
        env: { ...env, [ROUTER_VARIABLE]: paths.router.config },
        stdout: paths.router.log,
        stderr: paths.router.log,
      },
      () => {
        exited = true;
        if (!left && servingSince !== null) void restart();
      },
    );
    return { exited: () => exited };
  };

  /** Until it answers; then the port that it got is kept for its next life. */
  const settle = async (gone: () => boolean): Promise<boolean> => {
    const deadline = clock.monotonic() + START_LIMIT;
    while (clock.monotonic() < deadline && !gone()) {
      const state = await client.state().catch(() => null);
      if (state !== null && state.pid === identity?.pid) {
        port = state.port;
        servingSince = clock.monotonic();
        unanswered = null;
        const config = JSON.parse(readFileSync(paths.router.config, 'utf8')) as RouterConfig;
        const kept: RouterConfig = { ...config, listen: { ...config.listen, port } };
        writeFileAtomic(paths.router.config, JSON.stringify(kept), 0o600);
        return true;
      }
      await clock.sleep(5);
    }
    return false;
  };

  const begin = async (): Promise<void> => {
    servingSince = null;
    const { exited } = spawn();
    if (await settle(exited)) return;
    if (identity !== null) signalProcess(identity, 'SIGKILL', true);
    throw notStarted(paths.router.log, listen);
  };

  const restart = (): Promise<void> => {
    restarting ??= (async () => {
      const lived = servingSince === null ? 0 : clock.monotonic() - servingSince;
      delay = lived > LONGEST_DELAY ? 0 : Math.min(LONGEST_DELAY, Math.max(FIRST_DELAY, delay * 2));
      servingSince = null;
      if (identity !== null) signalProcess(identity, 'SIGKILL', true);
      if (delay > 0) await clock.sleep(delay);
      if (left) return;
      try {
        await begin();
        onRestart();
      } catch {
        // The next look tries again; meanwhile everybody sees that the router does not answer.
      }
    })().finally(() => (restarting = null));
    return restarting;
  };

  return {
    client,
    async start() {
      const found = findProcesses(ROUTER_VARIABLE, paths.router.config)[0];
      if (found !== undefined) {
        identity = found.identity;
        if (await settle(() => !isAlive(found.identity))) return;
        signalProcess(found.identity, 'SIGKILL', true);
      }
      await begin();
    },
    info: () => ({ url: `http://${listen.host}:${port}`, pid: identity?.pid ?? 0 }),
    async look() {
      const began = clock.monotonic();
      const state = await client.state().catch(() => null);
      if (state !== null) {
        unanswered = null;
        return state;
      }
      unanswered = { since: unanswered?.since ?? began, looks: (unanswered?.looks ?? 0) + 1 };
      const hangs = unanswered.looks >= HANG_LOOKS && clock.monotonic() - unanswered.since > HANG_LIMIT;
      const dead = identity === null || !isAlive(identity);
      if (!left && restarting === null && (dead || hangs)) void restart();
      return null;
    },
    async stop() {
      left = true;
      client.close();
      if (identity === null) return;
      signalProcess(identity, 'SIGTERM');
      const deadline = clock.monotonic() + STOP_LIMIT;
      while (isAlive(identity) && clock.monotonic() < deadline) await clock.sleep(10);
      signalProcess(identity, 'SIGKILL', true);
    },
    leave() {
      left = true;
      client.close();
    },
  };
}

/** The port that a former life had, so that it is the same one again; 0 when there was none. */
function keptPort(config: string): number {
  try {
    return (JSON.parse(readFileSync(config, 'utf8')) as RouterConfig).listen.port;
  } catch {
    return 0;
  }
}

function notStarted(log: string, { host, port }: { readonly host: string; readonly port: number }): Error {
  const said = lastLines(log);
  if (said.includes('EADDRINUSE')) {
    return embeddedFault({
      code: 'embedded/port-taken',
      kind: 'refused',
      message: `The router can't listen on ${host}:${port}: another program does.`,
      hint: 'End that program (the router of another home ends by "slipway down"), or set SLIPWAY_PORT to a free port.',
    });
  }
  return embeddedFault({
    code: 'embedded/router-not-started',
    kind: 'refused',
    message: `The router did not start: ${said === '' ? 'it said nothing' : said}.`,
    hint: `Read ${log}.`,
  });
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  } catch {
    return '';
  }
}
