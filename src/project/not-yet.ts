/**
 * What the contract has and this version has not: validated all the same, and refused with `config/not-yet`. Who
 * builds a feature deletes its line. `*` stands for any name or index; without `only` and `except` every value counts.
 */

export interface NotYet {
  readonly path: string;
  /** Only these values are not there yet. */
  readonly only?: readonly unknown[];
  /** These values ask for nothing that is missing: the default, written out. */
  readonly except?: readonly unknown[];
}

const ENVIRONMENT_NOT_YET: readonly NotYet[] = [{ path: 'ttl' }];

export const PROJECT_NOT_YET: readonly NotYet[] = [
  { path: 'build.toolchain', only: ['go', 'c', 'assemblyscript'] },
  { path: 'checks.coverage' },
  { path: 'checks.audit' },
  { path: 'checks.capabilities' },
  { path: 'tests.bench', except: [false] },
  { path: 'image.sign' },
  { path: 'notify', except: [[]] },
  ...below('environments.*', ENVIRONMENT_NOT_YET),
];

function below(prefix: string, entries: readonly NotYet[]): readonly NotYet[] {
  return entries.map((entry) => ({ ...entry, path: entry.path === '' ? prefix : `${prefix}.${entry.path}` }));
}
