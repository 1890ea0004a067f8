/** The components that tests use without a Rust toolchain are what their source gives. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/kernel/digest.ts';
import { buildService } from '../fixtures/services/build-service.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/services');

test.each(['misbehave'])('%s.wasm is what its source gives', async (name) => {
  const built = await buildService(name);
  expect(sha256(built)).toBe(sha256(readFileSync(join(FOLDER, `${name}.wasm`))));
});
