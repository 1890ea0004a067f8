/** Findings as GitLab shows them in a merge request (docs.gitlab.com, "Code Quality report format"). */

import type { Finding } from '../../pipeline/index.ts';
import { codeFindings, fingerprintsOf, type Redact } from './job-results.ts';

interface CodeQualityIssue {
  readonly description: string;
  readonly check_name: string;
  /** Unique in the report, and the same in the next one. */
  readonly fingerprint: string;
  readonly severity: 'info' | 'minor' | 'major' | 'critical' | 'blocker';
  readonly location: { readonly path: string; readonly lines: { readonly begin: number; readonly end?: number } };
}

/** Without findings it is an empty list, which says that there are none any more. */
export function codeQualityReport(findings: readonly Finding[], redact: Redact): string {
  const code = codeFindings(findings).filter(({ place }) => place !== null);
  const fingerprints = fingerprintsOf(code);
  const issues = code.flatMap((finding, index): readonly CodeQualityIssue[] => {
    const { rule, message, place } = finding;
    if (place === null) return [];
    const lines = { begin: place.line, ...(place.endLine === null ? {} : { end: place.endLine }) };
    return [
      {
        description: redact(message),
        check_name: rule,
        fingerprint: fingerprints[index] ?? '',
        severity: severityOf(finding),
        location: { path: place.file, lines },
      },
    ];
  });
  return `${JSON.stringify(issues, null, 2)}\n`;
}

function severityOf({ rule, severity }: Finding): CodeQualityIssue['severity'] {
  if (severity === 'error') return 'critical';
  return rule === 'rustfmt' ? 'info' : 'minor';
}
