import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cyclesIn, importsOf, offencesIn, readImports } from './imports.ts';

const SRC = join(import.meta.dirname, '..', '..', 'src');

test('every import of the source tree is one that the house allows', () => {
  const imports = readImports(SRC);
  expect(imports.length).toBeGreaterThan(50);
  expect(offencesIn(imports)).toEqual([]);
});

test('no files import each other in a circle', () => {
  expect(cyclesIn(readImports(SRC))).toEqual([]);
});

test('the check sees planted offences', () => {
  const planted = (from: string, text: string) => offencesIn(importsOf(from, text));
  expect(planted('kernel/clock.ts', `import { openLayout } from '../oci/index.ts';`)).toHaveLength(1);
  expect(planted('delivery/decide.ts', `export { x } from '../platforms/embedded/index.ts';`)).toHaveLength(1);
  expect(planted('pipeline/run.ts', `const x = await import('../stages/index.ts');`)).toHaveLength(1);
  expect(planted('project/parse.ts', `import { decide } from '../delivery/index.ts';`)).toHaveLength(1);
  expect(planted('project/parse.ts', `import type { Strategy } from '../delivery/index.ts';`)).toEqual([]);
  expect(planted('stages/build.ts', `import { read } from '../wasm/section-reader.ts';`)).toHaveLength(1);
  expect(planted('stages/build.ts', `import {\n  read,\n  type Report,\n} from '../wasm/index.ts';`)).toEqual([]);
  expect(planted('surprise/a.ts', `import { sha256 } from '../kernel/digest.ts';`)).toHaveLength(1);
  expect(planted('cli/main.ts', `import { startLoad } from '../../test/load/index.ts';`)).toHaveLength(1);
});

test('the check sees a planted cycle, and lets types pass', () => {
  const a = importsOf('oci/a.ts', `import { b } from './b.ts';`);
  const b = importsOf('oci/b.ts', `import { a } from './a.ts';`);
  expect(cyclesIn([...a, ...b])).toEqual(['oci/a.ts → oci/b.ts → oci/a.ts']);
  expect(cyclesIn([...a, ...importsOf('oci/b.ts', `import type { A } from './a.ts';`)])).toEqual([]);
});
