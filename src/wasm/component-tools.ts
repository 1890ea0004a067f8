/**
 * What the Bytecode Alliance's own tools do for us with components (npm `@bytecodealliance/jco-transpile`): from a core
 * module to a component, from a component to JavaScript. They are loaded when first needed: 60 ms and 20 MB.
 */

import { messageOf } from '../kernel/fault.ts';
import { expectKind } from './binary-kind.ts';
import { installedPackage } from './installed-package.ts';
import { firstLines, wasmFault } from './wasm-fault.ts';

const PACKAGE = '@bytecodealliance/jco-transpile';

/** Grows when the options below change: they are part of what the transpiler makes. */
const RECIPE = 1;

export interface Transpiled {
  /** By file name: `app.js`, which exports `instantiate(getCoreModule, imports)`, and the core modules it asks for. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Interfaces that `instantiate` must be given, without version: `wasi:http/types`. */
  readonly imports: readonly string[];
  /** Names of what it returns: `incomingHandler`, and by interface with version. */
  readonly exports: readonly string[];
}

/** Version of the transpiler and of our options for it: equal identities make equal files of equal components. */
export function transpilerIdentity(): string {
  return `jco-transpile@${installedPackage(PACKAGE).version}/${RECIPE}`;
}

/**
 * A component as an ES module for our own host: synchronous instantiation, nothing of Node's or of a WASI shim in it.
 * Deterministic for one `transpilerIdentity()`.
 *
 * @throws Fault `wasm/wrong-kind`, `wasm/native-code`, `wasm/malformed` or `wasm/tool-failed`.
 */
export async function transpileComponent(component: Uint8Array): Promise<Transpiled> {
  expectKind(component, 'component');
  const { transpileBytes } = await import('@bytecodealliance/jco-transpile');
  try {
    const { files, imports, exports } = await transpileBytes(component, {
      name: 'app',
      instantiation: 'sync',
      wasiShim: false,
      nodejsCompat: false,
      emitTypescriptDeclarations: false,
      base64Cutoff: 0,
    });
    return { files: new Map(Object.entries(files)), imports, exports: exports.map(([name]) => name) };
  } catch (error) {
    throw wasmFault({
      code: 'wasm/tool-failed',
      message: `The component can't be turned into JavaScript: ${firstLines(messageOf(error))}`,
      hint: 'Check that it is complete (its digest) and a component of WASI 0.2.',
      cause: error,
    });
  }
}

/**
 * A component from a core module that carries its interface in `component-type` sections, as `wasm32-wasip2` makes it.
 * No adapter is used: a module that still imports preview 1 is refused.
 *
 * @throws Fault `wasm/wrong-kind`, `wasm/native-code`, `wasm/malformed` or `wasm/tool-failed`.
 */
export async function componentFromCore(core: Uint8Array): Promise<Uint8Array> {
  expectKind(core, 'module');
  const { componentNew } = await import('@bytecodealliance/jco-transpile/wasm-tools');
  try {
    return await componentNew(core);
  } catch (error) {
    throw wasmFault({
      code: 'wasm/tool-failed',
      message: `The module can't be made a component: ${firstLines(messageOf(error))}`,
      hint: 'Build it for wasm32-wasip2 with a Rust whose standard library uses preview 2 throughout (1.95 does).',
      cause: error,
    });
  }
}
