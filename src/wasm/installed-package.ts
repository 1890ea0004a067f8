/** Packages that bring programs of their own, and so are not bundled: where they are installed and which version. */

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export interface InstalledPackage {
  readonly folder: string;
  readonly version: string;
}

const known = new Map<string, InstalledPackage>();

/**
 * Where Node would find the package from here. Asking Node to resolve it takes a millisecond, and does not find the
 * manifest of a package that exports none.
 */
export function installedPackage(name: string): InstalledPackage {
  const found = known.get(name) ?? look(name);
  known.set(name, found);
  return found;
}

function look(name: string): InstalledPackage {
  const places = createRequire(import.meta.filename).resolve.paths(name) ?? [];
  const folder = places.map((place) => join(place, name)).find((path) => existsSync(join(path, 'package.json')));
  if (folder === undefined) throw new Error(`The package ${name} is not installed.`);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly version?: unknown };
  return { folder, version: String(manifest.version) };
}
