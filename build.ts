/**
 * Bundles what is shipped: one file per entry in `dist/`, reproducible to the byte, so that the command line starts
 * fast and the replica host that goes into images has one digest everywhere.
 */

import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const ROOT = import.meta.dirname;
const DIST = join(ROOT, 'dist');

interface Program {
  readonly input: string;
  /** CommonJS loads a third faster than ES modules when there are many small files, and start-up time is a feature. */
  readonly format: 'esm' | 'cjs';
  /** One file, whatever is loaded lazily in it: the replica host is copied into images. */
  readonly single: boolean;
}

/** Programs that run as processes of their own. */
const PROGRAMS: Readonly<Record<string, Program>> = {
  slipway: { input: 'src/cli/main.ts', format: 'cjs', single: false },
  router: { input: 'src/platforms/embedded/router/main.ts', format: 'esm', single: true },
  replica: { input: 'src/platforms/embedded/replica/main.ts', format: 'esm', single: true },
  load: { input: 'src/gates/load/main.ts', format: 'esm', single: true },
};

/** Kept outside of the bundle: they bring Wasm files or command lines of their own, or are loaded by none but few. */
const EXTERNAL = [/^node:/, /^@bytecodealliance\//, /^binaryen/, /^autocannon/, /^newman/];

/** What every run needs is one chunk: each file that is loaded costs a fraction of a millisecond. */
const RUN =
  /[\\/]src[\\/](kernel|journal|pipeline|system\.ts|cli[\\/](start|direct-output|exit|terminal|run-tasks|keep-image|pipeline-session|project-folder|report[\\/]run-report|commands[\\/]run)\.ts)/;

/** And so is what finds out which tasks a project has. The parsers of images and of credentials are not in it: they bring zod. */
const TASKS =
  /[\\/]src[\\/](stages|toolchains|wasm)[\\/]|[\\/]src[\\/]oci[\\/](?!schemas\.ts|find-credential\.ts)|[\\/]node_modules[\\/]smol-toml[\\/]/;

/** What the bundle is made of: the sources but for tests, their folders (so that a new or lost file counts), and this. */
function sources(): readonly string[] {
  const found = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).map((path) => join('src', path));
  const shipped = found.filter((path) => !path.endsWith('.test.ts')).sort();
  return ['build.ts', 'package-lock.json', 'src', ...shipped];
}

/** Changes whenever a source file, the lock file or this recipe does: names, sizes and times of the files. */
function stampOf(): string {
  const hash = createHash('sha256');
  for (const path of sources()) {
    const stats = statSync(join(ROOT, path));
    hash.update(stats.isDirectory() ? `${path}\n` : `${path}\0${stats.size}\0${stats.mtimeMs}\n`);
  }
  return hash.digest('hex');
}

async function bundle(name: string, { input, format, single }: Program, folder: string): Promise<void> {
  // Loaded only when something is to be built.
  const { rolldown } = await import('rolldown');
  const build = await rolldown({
    input: { [name]: join(ROOT, input) },
    cwd: ROOT,
    platform: 'node',
    external: EXTERNAL,
    logLevel: 'warn',
    // Modules of the run's chunk are imported lazily all the same: run from source, there are no chunks.
    onLog: (level, log, tell) => {
      if (log.code !== 'INEFFECTIVE_DYNAMIC_IMPORT') tell(level, log);
    },
  });
  const ending = format === 'cjs' ? 'cjs' : 'js';
  await build.write({
    dir: folder,
    format,
    entryFileNames: `[name].${ending}`,
    chunkFileNames: `${name}-[name]-[hash].${ending}`,
    codeSplitting: single
      ? false
      : {
          groups: [
            { name: 'run', test: RUN },
            { name: 'tasks', test: TASKS },
          ],
        },
    minify: single ? { compress: true, mangle: false, codegen: false } : false,
  });
  await build.close();
}

const stampFile = join(DIST, 'stamp');
// `bin/slipway` compares the files' times with the stamp's: what is written while we are at work must count as newer.
const began = new Date();
const stamp = stampOf();
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  // Made beside and moved into place: whoever runs at the same time sees the old bundle or the new one.
  const folder = `${DIST}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  for (const [name, program] of Object.entries(PROGRAMS)) await bundle(name, program, folder);
  // For the shell: looking at a list takes it half as long as `find` takes to be started and to make one.
  writeFileSync(join(folder, 'sources'), `sources='${sources().join(' ')}'\n`);
  writeFileSync(join(folder, 'stamp'), stamp);
  utimesSync(join(folder, 'stamp'), began, began);
  const old = `${folder}.old`;
  if (existsSync(DIST)) renameSync(DIST, old);
  renameSync(folder, DIST);
  rmSync(old, { recursive: true, force: true });
} else {
  utimesSync(stampFile, began, began);
}
