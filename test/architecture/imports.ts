/** Reads the imports of the source tree and says which of them the house does not allow (design.md section 3). */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/** Folder (or root file) of `src` → what it may import; `types:` allows only `import type`. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  journal: ['kernel'],
  wasm: ['kernel'],
  oci: ['kernel'],
  project: ['kernel', 'types:delivery'],
  pipeline: ['kernel', 'journal'],
  delivery: ['kernel', 'journal'],
  toolchains: ['kernel', 'wasm'],
  evidence: ['kernel', 'wasm', 'oci'],
  gates: ['kernel', 'delivery'],
  platforms: ['kernel', 'delivery', 'oci', 'wasm'],
  hosts: ['kernel', 'journal', 'project', 'pipeline', 'evidence'],
  telemetry: ['kernel', 'journal', 'pipeline', 'delivery'],
  notify: ['kernel', 'journal', 'pipeline', 'delivery'],
  stages: ['kernel', 'project', 'pipeline', 'toolchains', 'wasm', 'oci', 'evidence', 'delivery', 'gates'],
  // prettier-ignore
  system: [
    'kernel', 'journal', 'wasm', 'oci', 'project', 'pipeline', 'delivery', 'toolchains', 'evidence', 'gates',
    'platforms', 'hosts', 'telemetry', 'notify', 'stages', 'server',
  ],
  server: ['kernel', 'journal', 'project', 'pipeline', 'delivery', 'evidence', 'telemetry'],
  // prettier-ignore
  cli: [
    'kernel', 'journal', 'project', 'pipeline', 'wasm', 'oci', 'evidence', 'delivery', 'hosts', 'telemetry',
    'server', 'system',
  ],
};

export interface Import {
  /** Path of the importing file, relative to `src`. */
  readonly from: string;
  /** Path of the imported file, relative to `src`. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const STATEMENT =
  /^\s*(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?['"](\.[^'"]+)['"]|import\(\s*['"](\.[^'"]+)['"]\s*\)/gm;

/** Every relative import of a source text. */
export function importsOf(from: string, text: string): readonly Import[] {
  return [...text.matchAll(STATEMENT)].map((match) => {
    const target = match[2] ?? match[3] ?? '';
    return { from, to: normalize(join(dirname(from), target)), typeOnly: match[1] !== undefined };
  });
}

/** All imports below `src`, tests left out: a test may look at anything. */
export function readImports(src: string): readonly Import[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.endsWith('.d.ts'))
    .flatMap((path) => importsOf(relative('.', path), readFileSync(join(src, path), 'utf8')));
}

/** One sentence per import that the table forbids. */
export function offencesIn(imports: readonly Import[]): readonly string[] {
  return imports.flatMap((found) => {
    const [from, to] = [folderOf(found.from), folderOf(found.to)];
    if (found.to.startsWith('..')) return [`${found.from} imports ${found.to}, which lies outside of src`];
    if (from === to) return [];
    const allowed = MAY_IMPORT[from];
    if (allowed === undefined) return [`${found.from} lies in ${from}, which the table does not know`];
    const typesOnly = allowed.includes(`types:${to}`);
    if (!allowed.includes(to) && !(typesOnly && found.typeOnly)) {
      return [`${found.from} imports ${found.to}: ${from} may not import ${to}${typesOnly ? ' but for types' : ''}`];
    }
    if (to !== 'kernel' && to !== 'system' && found.to !== `${to}/index.ts`) {
      const inner = /^platforms\/\w+\/index\.ts$/.test(found.to);
      return inner ? [] : [`${found.from} imports ${found.to}: ${to} is entered through its index.ts`];
    }
    return [];
  });
}

/** One sentence per cycle of files, type-only imports left out (they are gone when the program runs). */
export function cyclesIn(imports: readonly Import[]): readonly string[] {
  const edges = new Map<string, string[]>();
  for (const { from, to, typeOnly } of imports) {
    if (!typeOnly) edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const seen = path.indexOf(file);
    if (seen >= 0) cycles.push([...path.slice(seen), file].join(' → '));
    if (seen >= 0 || done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return cycles;
}

function folderOf(path: string): string {
  const [first = ''] = path.split('/');
  return first.replace(/\.ts$/, '');
}
