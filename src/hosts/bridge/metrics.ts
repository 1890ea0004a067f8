/** A few numbers that a merge request can be compared by, as OpenMetrics text (docs.gitlab.com, "Metrics reports"). */

import type { Json } from '../../kernel/digest.ts';
import { findingsOf, type JobResults, suitesOf } from './job-results.ts';

export function metricsReport(results: JobResults): string {
  const suites = suitesOf(results).flatMap((task) => task.suites);
  const tests = (result: 'passed' | 'failed' | 'ignored'): number =>
    suites.reduce((sum, suite) => sum + suite[result].length, 0);
  const size = sizeOf(results.values.get('build/component'));
  return [
    ...gauge('slipway_findings', { '': findingsOf(results).length }),
    ...(suites.length === 0
      ? []
      : gauge(
          'slipway_tests',
          Object.fromEntries((['passed', 'failed', 'ignored'] as const).map((it) => [`{result="${it}"}`, tests(it)])),
        )),
    ...(size === null ? [] : gauge('slipway_module_bytes', { '': size })),
    '# EOF',
    '',
  ].join('\n');
}

function gauge(name: string, samples: Readonly<Record<string, number>>): readonly string[] {
  return [`# TYPE ${name} gauge`, ...Object.entries(samples).map(([labels, value]) => `${name}${labels} ${value}`)];
}

function sizeOf(value: Json | undefined): number | null {
  if (typeof value !== 'object' || value === null || !('size' in value)) return null;
  return typeof value.size === 'number' ? value.size : null;
}
