/**
 * Reading and shaping WebAssembly: what a module or component is, imports, exports and weighs; optimising a module,
 * making a component of it, and turning a component into JavaScript for our own host. It runs nothing and knows no project.
 */

export { type BinaryKind } from './binary-kind.ts';
export { componentFromCore, transpilerIdentity } from './component-tools.ts';
export { COMMAND_FILE, hostedFiles } from './hosted-files.ts';
export { inspectWasm, type ModuleReport } from './inspect.ts';
export { limitMemory } from './limit-memory.ts';
export { optimiseModule, optimiserIdentity, type Optimisation, type OptimisationLevel } from './optimise.ts';
export { type WasmFaultCode } from './wasm-fault.ts';
