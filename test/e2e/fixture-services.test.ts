/** The modules that tests use without a Rust toolchain are what their source gives. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/kernel/digest.ts';
import { inspectWasm } from '../../src/wasm/index.ts';
import { buildService } from '../fixtures/services/build-service.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/services');

/** The compiler that the committed files were made with; another one gives other bytes. */
const MADE_WITH = 'rustc 1.95.0';

test.each(['misbehave', 'gateway'] as const)('%s.wasm is what its source gives', async (name) => {
  const built = await buildService(name);
  const committed = readFileSync(join(FOLDER, `${name}.wasm`));
  // What is compared: the bytes, or under another compiler the interfaces.
  const compiler = execFileSync('rustc', ['--version'], { encoding: 'utf8' });
  const identity = (bytes: Uint8Array): unknown =>
    compiler.startsWith(`${MADE_WITH} `) ? sha256(bytes) : inspectWasm(bytes).exports;
  expect(identity(built)).toEqual(identity(committed));
});
