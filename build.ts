/**
 * Bundles what is shipped: one file per entry in `dist/`, reproducible to the byte, so that the command line starts
 * fast and the replica host that goes into images has one digest everywhere.
 */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const ROOT = import.meta.dirname;
const DIST = join(ROOT, 'dist');

/** Programs that run as processes of their own. The replica is one single file: it is copied into images. */
const ENTRIES = {
  slipway: 'src/cli/main.ts',
  router: 'src/platforms/embedded/router/main.ts',
  replica: 'src/platforms/embedded/replica/main.ts',
};

/** Kept outside of the bundle: they bring Wasm files or command lines of their own, or are loaded by none but few. */
const EXTERNAL = [/^node:/, /^@bytecodealliance\//, /^binaryen/];

/** Changes whenever a source file, the lock file or this recipe does: names, sizes and times of the files. */
function stampOf(): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    const { size, mtimeMs } = statSync(join(ROOT, path));
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  };
  for (const path of readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).sort()) {
    if (path.endsWith('.ts') && !path.endsWith('.test.ts')) add(join('src', path));
  }
  for (const path of ['build.ts', 'package-lock.json']) add(path);
  return hash.digest('hex');
}

async function bundle(name: string, input: string): Promise<void> {
  const build = await rolldown({
    input: { [name]: join(ROOT, input) },
    cwd: ROOT,
    platform: 'node',
    external: EXTERNAL,
    logLevel: 'warn',
  });
  const single = name !== 'slipway';
  await build.write({
    dir: DIST,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: `${name}-[name]-[hash].js`,
    codeSplitting: !single,
    sourcemap: false,
    minify: single ? { compress: true, mangle: false, codegen: false } : false,
  });
  await build.close();
}

const stampFile = join(DIST, 'stamp');
const stamp = stampOf();
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST, { recursive: true });
  for (const [name, input] of Object.entries(ENTRIES)) {
    if (existsSync(join(ROOT, input))) await bundle(name, input);
  }
  writeFileSync(stampFile, stamp);
}
