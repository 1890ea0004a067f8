import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../kernel/workspace.ts';
import { inspectWasm } from './inspect.ts';
import { optimiseModule, optimiserIdentity, type Optimisation } from './optimise.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const WASTEFUL = `(module $named
  (@producers (language "Rust" ""))
  (@custom "component-type:x" "kept")
  (memory (export "memory") 1)
  (func $unused (nop) (nop))
  (func $copy (export "copy") (memory.copy (i32.const 0) (i32.const 8) (i32.add (i32.const 1) (i32.const 2)))))`;

async function optimisation(extra: Partial<Optimisation> = {}): Promise<Optimisation> {
  const [input, output] = [join(folder, 'in.wasm'), join(folder, 'out.wasm')];
  writeFileSync(input, await parse(WASTEFUL));
  return { input, output, level: 'Oz', searchPath: '', timeout: 60_000, ...extra };
}

test('a module gets smaller, loses its names, and keeps its producers and its interface', async () => {
  const job = await optimisation();
  expect(await optimiseModule(job)).toBe('wasm-opt 130.0.0 (npm)');
  const [before, after] = [job.input, job.output].map((path) => inspectWasm(readFileSync(path)));
  expect(after?.size).toBeLessThan(before?.size ?? 0);
  const names = after?.sections.map(({ name }) => name);
  expect(names).toContain('custom:component-type:x');
  expect(names).not.toContain('custom:name');
  expect(after?.producers.languages).toEqual(['Rust']);
});

function fakeNative(version: string): string {
  const path = join(folder, 'wasm-opt');
  writeFileSync(
    path,
    `#!/bin/sh\nif [ "$1" = --version ]; then echo "wasm-opt version ${version}"; exit; fi\necho fake >&2; exit 1\n`,
  );
  chmodSync(path, 0o755);
  return folder;
}

test('a native program of the same version is used, one of another version is not', async () => {
  const same = await optimisation({ searchPath: fakeNative('130 (version_130)') });
  await expect(optimiseModule(same)).rejects.toThrow('wasm-opt 130.0.0 (native) could not optimise the module: fake');
  const other = await optimisation({ searchPath: fakeNative('131') });
  expect(await optimiseModule(other)).toBe('wasm-opt 130.0.0 (npm)');
});

test('what is not a module is refused with what wasm-opt said', async () => {
  const job = await optimisation();
  writeFileSync(job.input, 'nonsense');
  rmSync(job.output, { force: true });
  await expect(optimiseModule(job)).rejects.toMatchObject({ code: 'wasm/tool-failed' });
});

test('the optimiser names the version that we pin', () => {
  expect(optimiserIdentity()).toBe('binaryen@130.0.0/1');
});
