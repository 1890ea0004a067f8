/** `wasmtime serve` as a replica: where the program is, and what can be served by it. */

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

const PAGE = 65_536;

/**
 * What our own host would serve, wasmtime must be able to serve, and lend no more.
 *
 * @returns how many bytes of memory it starts with
 * @throws Fault `embedded/not-for-wasmtime`; as `checkService` else.
 */
export function checkForWasmtime(bytes: Uint8Array): number {
  checkService(bytes);
  const { kind, imports, memories } = inspectWasm(bytes);
  if (kind === 'module') {
    throw embeddedFault({
      code: 'embedded/not-for-wasmtime',
      kind: 'refused',
      message: 'The image holds a core module, and "wasmtime serve" takes components.',
      hint: 'Build it for wasm32-wasip2, or use "engine: node".',
    });
  }
  const outgoing = imports.find((name) => OUTGOING.test(name));
  if (outgoing === undefined) return memories.reduce((sum, { minimum }) => sum + minimum, 0) * PAGE;
  throw embeddedFault({
    code: 'embedded/not-for-wasmtime',
    kind: 'refused',
    message: `The component imports ${outgoing}: wasmtime would let its requests out to any address, and nothing grants that.`,
    hint: 'Use "engine: node", which denies such requests, or take out what needs the import.',
  });
}
