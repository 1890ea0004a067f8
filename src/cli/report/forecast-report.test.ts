import { expect, test } from 'vitest';
import { forecast } from '../../delivery/index.ts';
import { PLAN } from '../../delivery/rehearsal/sample-spec.ts';
import { createTerminal } from '../terminal.ts';
import { forecastReport } from './forecast-report.ts';

const TERMINAL = createTerminal({ NO_COLOR: '1' });

/** The report of a canary without steps at a traffic that was seen, or (`seen` null) at several that are supposed. */
function reportOf(rates: readonly number[], seen: string | null, failed = true): string {
  const forecasts = rates.flatMap((rate) => forecast({ ...PLAN, steps: null }, { rate, baseline: 0.01 }) ?? []);
  return forecastReport({ environment: 'production', seen, failed, forecasts }, TERMINAL);
}

test('says how long a regression would last and what it would spoil', () => {
  const report = reportOf([400], 'counted 2h ago');
  expect(report).toContain('production gets 400/s, of which 1% fail (counted 2h ago)');
  expect(report).toContain('a candidate at 5% of them');
  expect(report).toMatch(/10x as often/);
  expect(report).toMatch(/after \d+s \(1 in 10: \d+s\); \d/);
  expect(report).not.toContain('too low');
});

test('does not say that requests fail where none was seen to, and fits on a narrow terminal', () => {
  const report = reportOf([40], 'counted 2m ago', false);
  expect(report).toContain('production gets 40/s, of which none failed (counted 2m ago); suppose that 1% do');
  expect(Math.max(...report.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(
    Math.max(
      ...reportOf([1, 100], null)
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(100);
});

test('says plainly when traffic is too low', () => {
  const report = reportOf([0.2], 'counted 2h ago');
  expect(report).toContain('traffic is too low to find a 2x or 3x or 10x regression within 15m');
  expect(report).toContain('traffic is too low to prove a good candidate within 15m: a person will be asked');
});

test('supposes several where none was seen, and warns of nothing', () => {
  const report = reportOf([1, 10, 100], null);
  expect(report).toContain('the traffic of production is not known yet');
  expect(report.split('\n').filter((line) => /^ +at \d+\/s /.test(line))).toHaveLength(3);
  expect(report).not.toContain('too low');
});
