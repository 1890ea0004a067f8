/** `wasmtime serve` as a replica: where the program is, whether it will do, and how it is told what to serve. */

import { findProgram, runBriefly } from '../../kernel/subprocess.ts';
import { inspectWasm } from '../../wasm/index.ts';
import { embeddedFault } from './embedded-fault.ts';
import { checkService } from './replica/check-service.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The oldest release with all options that we give it (the long-term one of August 2025). */
const OLDEST = 36;

const INSTALL = 'Install it (https://wasmtime.dev), or name the program in SLIPWAY_WASMTIME, or use "engine: node".';

/**
 * The path of the program: `SLIPWAY_WASMTIME`, else the first `wasmtime` on `PATH`.
 *
 * @throws Fault `embedded/no-wasmtime`, `embedded/old-wasmtime`.
 */
export async function findWasmtime(environment: Environment): Promise<string> {
  const named = environment['SLIPWAY_WASMTIME'];
  const program = findProgram(named || 'wasmtime', environment['PATH'] ?? '');
  if (program === undefined) {
    throw embeddedFault({
      code: 'embedded/no-wasmtime',
      kind: 'refused',
      message: named
        ? `SLIPWAY_WASMTIME names ${named}, which is no program.`
        : 'wasmtime, which is to run the replicas, is not on the PATH of the agent.',
      hint: INSTALL,
    });
  }
  const { stdout } = await runBriefly({ program, args: ['--version'], cwd: '/', env: {}, timeout: 10_000 });
  const version = /^wasmtime(?:-cli)? (\d+)\.\d+\.\d+/.exec(stdout)?.[1];
  if (version !== undefined && Number(version) >= OLDEST) return program;
  const said = stdout.trim().split('\n')[0] ?? '';
  throw embeddedFault({
    code: 'embedded/old-wasmtime',
    kind: 'refused',
    message: `${program} is too old or something else: it calls itself ${JSON.stringify(said)}, and wasmtime ${OLDEST} or newer is needed.`,
    hint: INSTALL,
  });
}

/** Requests that a service sends by itself: wasmtime would let them out to anywhere. */
const OUTGOING = /^wasi:http\/outgoing-handler@/;

/**
 * What our own host would serve, wasmtime must be able to serve, and lend no more.
 *
 * @throws Fault `embedded/not-for-wasmtime`; as `checkService` else.
 */
export function checkForWasmtime(bytes: Uint8Array): void {
  checkService(bytes);
  const { kind, imports } = inspectWasm(bytes);
  if (kind === 'module') {
    throw embeddedFault({
      code: 'embedded/not-for-wasmtime',
      kind: 'refused',
      message: 'The image holds a core module, and "wasmtime serve" takes components.',
      hint: 'Build it for wasm32-wasip2, or use "engine: node".',
    });
  }
  const outgoing = imports.find((name) => OUTGOING.test(name));
  if (outgoing === undefined) return;
  throw embeddedFault({
    code: 'embedded/not-for-wasmtime',
    kind: 'refused',
    message: `The component imports ${outgoing}: wasmtime would let its requests out to any address, and nothing grants that.`,
    hint: 'Use "engine: node", which denies such requests, or take out what needs the import.',
  });
}

export interface WasmtimeOrder {
  readonly program: string;
  /** Path of the component. */
  readonly component: string;
  /** Bytes of memory that one request may take, milliseconds that it may run. */
  readonly limits: { readonly memory: number; readonly request: number };
  /** Shown to whoever lists processes. */
  readonly config: Readonly<Record<string, string>>;
  /** Handed over in the environment of the process: other users of the machine can't read that. */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface WasmtimeCommand {
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Names that mean something to wasmtime itself, to its runtime or to the loader. */
const NOT_FOR_A_SECRET = /^(?:LD_|GLIBC_|MALLOC_|RUST_|RAYON_|TOKIO_|WASMTIME_|XDG_|SLIPWAY_|HOME$|PATH$|TMPDIR$)/;

/**
 * It chooses a loopback port and tells it on its standard error. Each request gets a fresh instance. The pooling allocator
 * is left out: it is not in every build.
 *
 * @throws Fault `embedded/not-for-wasmtime` when a secret has a name that wasmtime itself would heed.
 */
export function wasmtimeCommand({ program, component, limits, config, secrets }: WasmtimeOrder): WasmtimeCommand {
  const heeded = Object.keys(secrets).find((name) => NOT_FOR_A_SECRET.test(name));
  if (heeded !== undefined) {
    throw embeddedFault({
      code: 'embedded/not-for-wasmtime',
      kind: 'refused',
      message: `The secret ${heeded} can't be handed to wasmtime: a variable of that name would change wasmtime itself.`,
      hint: 'Give the variable another name.',
    });
  }
  const options = ['-S', 'cli', '-O', 'pooling-allocator=n', '--no-logging-prefix', '--addr', '127.0.0.1:0'];
  options.push('-W', `max-memory-size=${limits.memory}`, '-W', `timeout=${limits.request}ms`);
  const plain = Object.entries(config).flatMap(([name, value]) =>
    name in secrets ? [] : ['--env', `${name}=${value}`],
  );
  const inherited = Object.keys(secrets).flatMap((name) => ['--env', name]);
  return {
    program: [program, 'serve', ...options, ...plain, ...inherited, component],
    env: secrets,
  };
}
