/** How `wasmtime serve` is told what to serve. */

import { embeddedFault } from './embedded-fault.ts';

export interface WasmtimeOrder {
  readonly program: string;
  /** Path of the component. */
  readonly component: string;
  /** Bytes of memory that the component starts with. */
  readonly startsWith: number;
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
 * @throws Fault `embedded/not-for-wasmtime` when a secret has a name that wasmtime itself would heed, or the component starts
 *   with more memory than it may have: wasmtime would tell that only by failing every request.
 */
export function wasmtimeCommand(order: WasmtimeOrder): WasmtimeCommand {
  const { program, component, limits, config, secrets } = order;
  if (order.startsWith > limits.memory) {
    throw embeddedFault({
      code: 'embedded/not-for-wasmtime',
      kind: 'refused',
      message: `The component starts with ${order.startsWith} bytes of memory, but may have ${limits.memory}.`,
      hint: 'Raise `limits.memory`, or make its static tables and stack smaller.',
    });
  }
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
