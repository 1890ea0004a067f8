/** Findings as SARIF 2.1.0 (OASIS standard), which GitHub's code scanning, GitLab and Jenkins' plugins read. */

import type { Log, ReportingDescriptor, Result } from 'sarif';
import type { Finding } from '../../pipeline/index.ts';
import { codeFindings, fingerprintsOf, type Redact } from './job-results.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

export function sarifReport(findings: readonly Finding[], version: string, redact: Redact): string {
  const code = codeFindings(findings);
  const fingerprints = fingerprintsOf(code);
  const rules = [...new Set(code.map(({ rule }) => rule))].sort();
  const log: Log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Slipway', version, rules: rules.map((id): ReportingDescriptor => ({ id })) } },
        columnKind: 'unicodeCodePoints',
        results: code.map((finding, index) => {
          const ruleIndex = rules.indexOf(finding.rule);
          const partialFingerprints = { 'slipway/v1': fingerprints[index] ?? '' };
          return { ...resultOf(finding, redact), ruleIndex, partialFingerprints };
        }),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function resultOf({ rule, severity, message, place }: Finding, redact: Redact): Result {
  const common = { ruleId: rule, level: severity, message: { text: redact(message) } } as const;
  if (place === null) return common;
  const { file, line, column, endLine, endColumn } = place;
  const region = {
    startLine: line,
    ...(column === null ? {} : { startColumn: column }),
    ...(endLine === null ? {} : { endLine }),
    ...(endColumn === null ? {} : { endColumn }),
  };
  const uri = file.split('/').map(encodeURIComponent).join('/');
  const physicalLocation = { artifactLocation: { uri, uriBaseId: '%SRCROOT%' }, region };
  return { ...common, locations: [{ physicalLocation }] };
}
