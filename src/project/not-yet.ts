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

const JUDGE_NOT_YET: readonly NotYet[] = [{ path: 'slo.p99' }];

const STRATEGY_NOT_YET: readonly NotYet[] = [
  { path: '', only: ['rolling', 'blueGreen'] },
  { path: 'rolling' },
  { path: 'blueGreen' },
  { path: 'canary.steps.*.replicas' },
  { path: 'canary.steps.*.judge' },
  { path: 'canary.supersede', except: ['restart'] },
  { path: 'canary.stableScale', except: ['full'] },
  { path: 'canary.keepAborted', except: ['0s', '0ms', '0m', '0h', '0', 0] },
  { path: 'canary.rollbackWindow', except: [0] },
  ...below('canary.judge', JUDGE_NOT_YET),
];

/** Keys that a rehearsal knows already: what is rehearsed before it can be done. */
const DELIVERY_NOT_YET: readonly NotYet[] = [
  { path: 'approval', except: [0, { count: 0 }] },
  { path: 'guard', except: ['0s', '0ms', '0m', '0h', '0', 0] },
  { path: 'gates', except: [{}, { smoke: [], e2e: false }] },
  ...below('strategy', STRATEGY_NOT_YET),
];

const ENVIRONMENT_NOT_YET: readonly NotYet[] = [
  { path: 'ttl' },
  { path: 'needs', except: [[]] },
  { path: 'platform.embedded.engine', except: ['node'] },
  { path: 'platform.kubernetes' },
  { path: 'secrets', except: [{}] },
  { path: 'metrics' },
  ...DELIVERY_NOT_YET,
];

export const PROJECT_NOT_YET: readonly NotYet[] = [
  { path: 'build.toolchain', only: ['go', 'c', 'assemblyscript'] },
  { path: 'checks.coverage' },
  { path: 'checks.audit' },
  { path: 'checks.capabilities' },
  { path: 'tests.bench', except: [false] },
  { path: 'tests.e2e' },
  { path: 'image.sign' },
  { path: 'notify', except: [[]] },
  ...below('environments.*', ENVIRONMENT_NOT_YET),
];

function below(prefix: string, entries: readonly NotYet[]): readonly NotYet[] {
  return entries.map((entry) => ({ ...entry, path: entry.path === '' ? prefix : `${prefix}.${entry.path}` }));
}
