/** What a compiler or linter says, as the outcome of a task: the first things first, and each one by itself. */

import { isAbsolute, join, relative, sep } from 'node:path';
import type { Finding, FindingPlace, TaskOutcome } from '../pipeline/index.ts';
import type { CargoResult, Diagnostic } from '../toolchains/index.ts';

type Failed = Extract<TaskOutcome, { readonly kind: 'failed' }>;

/** A failed compilation or lint in the words of the compiler. `folder` is the project's. */
export function describeDiagnostics(
  { diagnostics, text }: Pick<CargoResult, 'diagnostics' | 'text'>,
  folder: string,
): Failed {
  const errors = diagnostics.filter(({ level }) => level === 'error');
  const broken = errors.filter(isBroken);
  const worst = broken.length > 0 ? broken : errors;
  const shown = worst.flatMap(({ rendered }) => rendered.trimEnd().split('\n'));
  const findings = worst.map((diagnostic) => findingOf(diagnostic, folder));
  if (broken.length === 0 && errors.length > 0) {
    const summary = `${errors.length} ${errors.length === 1 ? 'finding' : 'findings'}`;
    const hint = 'Many are mended by `cargo clippy --fix`.';
    return { kind: 'failed', summary, details: shown.slice(0, 40), hint, findings };
  }
  return {
    kind: 'failed',
    summary: `it does not compile${broken.length > 0 ? `: ${broken.length} ${broken.length === 1 ? 'error' : 'errors'}` : ''}`,
    details: (shown.length > 0 ? shown : text.trim().split('\n')).slice(0, 40),
    findings,
  };
}

/** The compiler's own errors have a number or no name at all; everything else is a lint. */
function isBroken({ code }: Diagnostic): boolean {
  return code === undefined || /^E\d{4}$/.test(code);
}

function findingOf(diagnostic: Diagnostic, folder: string): Finding {
  const { code, message, place } = diagnostic;
  return {
    severity: isBroken(diagnostic) ? 'error' : 'warning',
    rule: code ?? 'rustc',
    message,
    place: place === undefined ? null : placeIn(folder, place),
  };
}

/** `null` for what is not a file of the project: a dependency, the standard library. */
function placeIn(folder: string, place: FindingPlace): FindingPlace | null {
  const file = relative(folder, isAbsolute(place.file) ? place.file : join(folder, place.file));
  if (file === '' || file.startsWith('..') || isAbsolute(file)) return null;
  return { ...place, file: file.split(sep).join('/') };
}
