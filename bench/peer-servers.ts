/**
 * Other servers of wasi:http components that ours is measured against, got once into `.slipway/peers` of the checkout:
 * `jco serve` from npm, `wasmtime serve` from a folder of tools that only some machines have.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const PEERS = join(ROOT, '.slipway', 'peers');

/** 0.26.1 of the shim breaks this jco; one copy of Binaryen instead of two of 93 MB. */
const JCO = {
  private: true,
  dependencies: { '@bytecodealliance/jco': '1.35.0' },
  overrides: { '@bytecodealliance/preview2-shim': '0.26.0', binaryen: '130.0.0' },
};

/** Path of jco's command line, a JavaScript file. The first call installs it (144 packages, some 300 MB). */
export function fetchJco(): string {
  const folder = fetchOnce('jco-1.35.0', (work) => {
    writeFileSync(join(work, 'package.json'), JSON.stringify(JCO));
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], {
      cwd: work,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  });
  return join(folder, 'node_modules/@bytecodealliance/jco/dist/jco.js');
}

/** Path of the program, or `null` on a machine without the tools: `SLIPWAY_PEERS`, else `../shared/peers`, has them. */
export function findWasmtime(): string | null {
  const tools = join(process.env['SLIPWAY_PEERS'] ?? join(ROOT, '..', 'shared', 'peers'), 'tools.tar.xz');
  if (!existsSync(tools)) return null;
  const folder = fetchOnce('wasmtime', (work) => {
    execFileSync('tar', ['--extract', '--xz', '--file', tools, '--directory', work, 'wasmtime']);
  });
  return join(folder, 'wasmtime');
}

/** Fills a folder beside its place and moves it there, so that it is there as a whole or not at all. */
function fetchOnce(name: string, fill: (work: string) => void): string {
  const folder = join(PEERS, name);
  if (existsSync(folder)) return folder;
  mkdirSync(PEERS, { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  try {
    fill(work);
    // Another run may have been quicker: its folder is as good.
    if (!existsSync(folder)) renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}
