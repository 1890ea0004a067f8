/**
 * A component's own imports and exports, and every core module and component inside of it (component-model
 * `design/mvp/Binary.md`). Types are passed over: whether they fit is for the validator of whoever runs it.
 */

import { LIMITS, overLimit, type ByteReader } from './byte-reader.ts';
import {
  readCustom,
  readModule,
  walkSections,
  type CoreModule,
  type CustomSection,
  type Section,
} from './module-reader.ts';

export interface Component {
  readonly sections: readonly Section[];
  /** Names as written: `wasi:http/types@0.2.12`. */
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  /** Every core module at whatever depth, in file order. */
  readonly modules: readonly CoreModule[];
  readonly custom: readonly CustomSection[];
}

const NAMES = [
  'custom',
  'core module',
  'core instance',
  'core type',
  'component',
  'instance',
  'alias',
  'type',
  'canonical',
  'start',
  'import',
  'export',
];
const [CORE_MODULE, COMPONENT, IMPORT, EXPORT] = [1, 4, 10, 11];

/** @throws Fault `wasm/malformed` or `wasm/limit`. */
export function readComponent(reader: ByteReader): Component {
  const modules: CoreModule[] = [];
  return { ...readLevel(reader, modules, { depth: 0, binaries: 0 }), modules };
}

function readLevel(
  reader: ByteReader,
  modules: CoreModule[],
  seen: { depth: number; binaries: number },
): Omit<Component, 'modules'> {
  const sections: Section[] = [];
  const imports: string[] = [];
  const exports: string[] = [];
  const custom: CustomSection[] = [];
  if (seen.depth > LIMITS.depth) throw overLimit('components inside of each other', LIMITS.depth);
  walkSections(reader, (id, content) => {
    const name = NAMES[id] ?? `unknown ${id}`;
    const size = content.left;
    if (id === CORE_MODULE || id === COMPONENT) {
      seen.binaries += 1;
      if (seen.binaries > LIMITS.binaries) throw overLimit('modules and components', LIMITS.binaries);
      expectPreamble(content, id === CORE_MODULE ? '0061736d01000000' : '0061736d0d000100');
    }
    if (id === 0) {
      const section = readCustom(content);
      custom.push(section);
      sections.push({ name: `custom:${section.name}`, size });
      return;
    }
    sections.push({ name, size });
    if (id === CORE_MODULE) modules.push(readModule(content));
    if (id === COMPONENT) {
      seen.depth += 1;
      readLevel(content, modules, seen);
      seen.depth -= 1;
    }
    if (id === IMPORT) readImports(content, imports);
    if (id === EXPORT) readExports(content, exports);
  });
  return { sections, imports, exports, custom };
}

function expectPreamble(content: ByteReader, preamble: string): void {
  const found = Buffer.from(content.peek(8)).toString('hex');
  if (found !== preamble) throw content.malformed(`an inner file that starts with ${found}`);
}

function readImports(content: ByteReader, imports: string[]): void {
  for (let left = content.count(4); left > 0; left -= 1) {
    imports.push(readExternName(content));
    skipExternType(content);
  }
  expectEnd(content);
}

function readExports(content: ByteReader, exports: string[]): void {
  for (let left = content.count(5); left > 0; left -= 1) {
    exports.push(readExternName(content));
    // The sort: of a core thing (0x00, then which) or of a component's.
    if (content.byte() === 0) content.byte();
    content.u32();
    if (content.byte() === 1) skipExternType(content);
  }
  expectEnd(content);
}

/** Names have two spellings for historical reasons: 0x00 and 0x01 mean the same today. */
function readExternName(content: ByteReader): string {
  const spelling = content.byte();
  if (spelling > 1) throw content.malformed(`a name of the unknown kind ${spelling}`);
  return content.name();
}

function skipExternType(content: ByteReader): void {
  const sort = content.byte();
  switch (sort) {
    case 0: // core module, then its type
      content.byte();
      content.u32();
      return;
    case 2: // value: `eq` of a value or any of a type
    case 3: // type: `eq` of a type, or a fresh resource
      if (content.byte() === 0 || sort === 2) content.u32();
      return;
    case 1:
    case 4:
    case 5:
      content.u32();
      return;
    default:
      throw content.malformed(`an import or export of the unknown kind ${sort}`);
  }
}

function expectEnd(content: ByteReader): void {
  if (content.left > 0) throw content.malformed('more than its entries in an import or export section');
}
