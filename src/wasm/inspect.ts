/** What a module or component is, needs, offers and weighs: the part of a build report that speaks of the wasm file. */

import { binaryKind, type BinaryKind } from './binary-kind.ts';
import { createByteReader } from './byte-reader.ts';
import { readComponent } from './component-reader.ts';
import { readProducers, readTargetFeatures, type Producers } from './custom-sections.ts';
import { readModule, type CoreModule, type Section } from './module-reader.ts';

/** Plain JSON, deterministic in the bytes. */
export type ModuleReport = {
  readonly kind: BinaryKind;
  /** Bytes of the file. */
  readonly size: number;
  /** Sorted, each once. Components: `wasi:http/types@0.2.12`; modules: `wasi_snapshot_preview1/fd_write`. */
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  /**
   * The role that its exports fit. `wasi:http/proxy`: it exports `wasi:http/incoming-handler` of WASI 0.2, so a host can
   * hand it requests; `wasi:cli/command`: it exports only `wasi:cli/run`; `null`: neither, or a core module.
   */
  readonly world: 'wasi:http/proxy' | 'wasi:cli/command' | null;
  readonly producers: Producers;
  readonly targetFeatures: readonly string[];
  /** Of all core modules, in file order, in pages of 64 KiB. */
  readonly memories: readonly {
    readonly imported: boolean;
    readonly minimum: number;
    readonly maximum: number | null;
  }[];
  /** Bytes by kind of section, largest first: those of all core modules (`code`), then a component's own (`component type`). */
  readonly sections: readonly Section[];
};

/**
 * Reads structure only: a report does not say that the code inside is valid.
 *
 * @throws Fault `wasm/native-code`, `wasm/malformed` or `wasm/limit`.
 */
export function inspectWasm(bytes: Uint8Array): ModuleReport {
  const kind = binaryKind(bytes);
  const reader = createByteReader(bytes);
  if (kind === 'module') {
    const module = readModule(reader);
    const imports = module.imports.map((entry) => `${entry.module}/${entry.name}`);
    const names = { imports, exports: module.exports.map(({ name }) => name) };
    return report(bytes, kind, { ...names, modules: [module], sections: module.sections, custom: module.custom });
  }
  const component = readComponent(reader);
  const custom = [...component.custom, ...component.modules.flatMap((module) => module.custom)];
  const own = component.sections.filter(({ name }) => name !== 'core module');
  const sections = [
    ...component.modules.flatMap((module) => module.sections),
    ...own.map(({ name, size }) => ({ name: `component ${name}`, size })),
  ];
  return report(bytes, kind, { ...component, sections, custom });
}

interface Parts {
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  readonly modules: readonly CoreModule[];
  readonly sections: readonly Section[];
  readonly custom: CoreModule['custom'];
}

function report(bytes: Uint8Array, kind: BinaryKind, parts: Parts): ModuleReport {
  const names = (list: readonly string[]) => [...new Set(list.map(printable))].sort();
  const exports = names(parts.exports);
  const producers = readProducers(parts.custom);
  return {
    kind,
    size: bytes.length,
    imports: names(parts.imports),
    exports,
    world: kind === 'component' ? worldOf(exports) : null,
    producers: { languages: names(producers.languages), tools: names(producers.tools) },
    targetFeatures: names(readTargetFeatures(parts.custom)),
    memories: parts.modules.flatMap(({ memories }) =>
      memories.map(({ imported, minimum, maximum }) => ({
        imported,
        minimum: Number(minimum),
        maximum: maximum === null ? null : Number(maximum),
      })),
    ),
    sections: totals(parts.sections),
  };
}

function totals(sections: readonly Section[]): Section[] {
  const bytes = new Map<string, number>();
  for (const { name, size } of sections) bytes.set(printable(name), (bytes.get(printable(name)) ?? 0) + size);
  return [...bytes]
    .map(([name, size]) => ({ name, size }))
    .sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));
}

function worldOf(exports: readonly string[]): ModuleReport['world'] {
  // Minor versions of 0.2 are compatible with each other; toolchains mix them in one component.
  if (exports.some((name) => /^wasi:http\/incoming-handler@0\.2\.\d+$/.test(name))) return 'wasi:http/proxy';
  return exports.some((name) => /^wasi:cli\/run@0\.2\.\d+$/.test(name)) ? 'wasi:cli/command' : null;
}

/** Names come from the file and end on people's terminals: control characters are replaced. */
function printable(name: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the ones
  return name.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
}
