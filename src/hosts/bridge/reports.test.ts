import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { afterAll, describe, expect, test } from 'vitest';
import type { Json } from '../../kernel/digest.ts';
import { temporaryFolder } from '../../kernel/workspace.ts';
import type { Finding, TaskResult, TestSuite } from '../../pipeline/index.ts';
import { codeQualityReport } from './code-quality.ts';
import { foldLog } from './fold-log.ts';
import type { HostWord } from './host-bridge.ts';
import { findingsOf, fingerprintsOf, type JobResults } from './job-results.ts';
import { junitReport } from './junit.ts';
import { writeOutputs, writeReports } from './reports.ts';
import { sarifReport } from './sarif.ts';
import { summaryPage } from './summary.ts';

const root = temporaryFolder('slipway-reports-');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const asIs = (text: string): string => text;
const hiding = (text: string): string => text.replaceAll('hunter2', '[secret]');
const place = { file: 'src/lib.rs', line: 3, column: 5, endLine: 3, endColumn: 9 };
const lint: Finding = { severity: 'warning', rule: 'clippy::needless_return', message: 'unneeded `return`', place };

function failed(changes: Partial<Extract<TaskResult, { kind: 'failed' }>> = {}): TaskResult {
  const found = {
    why: [],
    cause: 'outcome',
    code: null,
    summary: '1 finding',
    details: ['a', 'b'],
    hint: null,
  } as const;
  const known = { task: 'check/lint', stage: 'check', title: 'cargo clippy', duration: 1200 } as const;
  return { kind: 'failed', ...known, ...found, log: null, findings: [lint], value: null, ...changes };
}

function results(tasks: readonly TaskResult[], values: Record<string, Json> = {}): JobResults {
  return {
    service: 'herald',
    revision: { kind: 'branch', name: 'develop', short: '0123456789ab' },
    stage: 'check',
    version: '1.2.3',
    outcome: 'failed',
    duration: 3000,
    tasks,
    values: new Map(Object.entries(values)),
    prefix: '',
  };
}

describe('JUnit', () => {
  const suite: TestSuite = {
    name: 'unittests src/lib.rs',
    passed: ['tests::good'],
    ignored: ['tests::slow'],
    failed: [{ name: 'tests::bad', output: "thread 'tests::bad' panicked at src/lib.rs:1:2:\nleft: <1>" }],
    crash: null,
  };
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    trimValues: false,
    isArray: (name) => name === 'testsuite' || name === 'testcase',
  });

  test('tells every test by name, and of a failure what it said', () => {
    const xml = junitReport('herald', [{ task: 'test/unit', suites: [suite] }], asIs);
    expect(xml).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="herald" tests="3" failures="1" errors="0" skipped="1">
<testsuite name="test/unit: unittests src/lib.rs" tests="3" failures="1" errors="0" skipped="1">
<testcase name="tests::good" classname="test/unit unittests src/lib"/>
<testcase name="tests::slow" classname="test/unit unittests src/lib">
<skipped/>
</testcase>
<testcase name="tests::bad" classname="test/unit unittests src/lib">
<failure message="left: &lt;1&gt;">thread 'tests::bad' panicked at src/lib.rs:1:2:
left: &lt;1&gt;</failure>
</testcase>
</testsuite>
</testsuites>
`);
  });

  test('a program that crashed is an error, not a test less', () => {
    const crashed = { ...suite, failed: [], crash: 'signal: 6, SIGABRT' };
    const xml = junitReport('herald', [{ task: 'test/unit', suites: [crashed] }], asIs);
    expect(xml).toContain('tests="3" failures="0" errors="1" skipped="1"');
    expect(xml).toContain('<error message="it ended without a summary: signal: 6, SIGABRT">');
  });

  test('is XML whatever tests are called and print, and counts what it holds', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(']]>', '<!--', '&amp;', '"\'\n\t', '\u0000\u001b[31m', '\ud800', '\uffff'),
    );
    const suites = fc.record({
      name: text,
      passed: fc.array(text, { maxLength: 3 }),
      ignored: fc.array(text, { maxLength: 3 }),
      failed: fc.array(fc.record({ name: text, output: text }), { maxLength: 3 }),
      crash: fc.option(text),
    });
    fc.assert(
      fc.property(fc.array(suites, { maxLength: 3 }), (found) => {
        const xml = junitReport('herald', [{ task: 'test/unit', suites: found }], asIs);
        expect(XMLValidator.validate(xml)).toBe(true);
        const { testsuites } = parser.parse(xml) as {
          testsuites: { tests: string; testsuite?: { testcase?: object[] }[] };
        };
        const cases = (testsuites.testsuite ?? []).flatMap(({ testcase = [] }) => testcase);
        expect(cases).toHaveLength(Number(testsuites.tests));
        // oxlint-disable-next-line no-control-regex -- what XML 1.0 has no place for
        expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
      }),
    );
  });

  test('holds no secret', () => {
    const told = { ...suite, failed: [{ name: 'a', output: 'password hunter2' }] };
    expect(junitReport('herald', [{ task: 'test/unit', suites: [told] }], hiding)).not.toContain('hunter2');
  });
});

describe('findings', () => {
  const mistake: Finding = { ...lint, severity: 'error', rule: 'E0308', message: 'mismatched types' };
  const unplaced: Finding = { ...mistake, place: null };
  const broken: Finding = { ...mistake, rule: 'test' };

  test('count once when two tasks have them, and stand in the repository, not the project', () => {
    const twice = [failed({ findings: [lint, mistake] }), failed({ task: 'build/compile', findings: [mistake] })];
    const found = findingsOf({ tasks: twice, prefix: 'services/herald/' });
    expect(found.map(({ rule, place: at }) => [rule, at?.file])).toEqual([
      ['clippy::needless_return', 'services/herald/src/lib.rs'],
      ['E0308', 'services/herald/src/lib.rs'],
    ]);
  });

  test('have a name that stays when lines move, and none has that of another', () => {
    const moved = { ...lint, place: { ...place, line: 90, endLine: 90 } };
    expect(fingerprintsOf([lint])).toEqual(fingerprintsOf([moved]));
    expect(new Set(fingerprintsOf([lint, moved, mistake])).size).toBe(3);
  });

  test('as GitLab takes them: those with a place, a list also when there is none', () => {
    expect(codeQualityReport([], asIs)).toBe('[]\n');
    const issues: unknown = JSON.parse(codeQualityReport([lint, mistake, unplaced, broken], asIs));
    expect(issues).toEqual([
      {
        description: 'unneeded `return`',
        check_name: 'clippy::needless_return',
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        severity: 'minor',
        location: { path: 'src/lib.rs', lines: { begin: 3, end: 3 } },
      },
      expect.objectContaining({ check_name: 'E0308', severity: 'critical' }),
    ]);
  });

  test('as SARIF: rules by name, places as addresses', () => {
    const odd = { ...lint, place: { ...place, file: 'src/a b/é#.rs', endLine: null, endColumn: null, column: null } };
    const log: unknown = JSON.parse(sarifReport([lint, odd, unplaced, broken], '1.2.3', asIs));
    expect(log).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: { name: 'Slipway', version: '1.2.3', rules: [{ id: 'E0308' }, { id: 'clippy::needless_return' }] },
          },
          results: [
            {
              ruleId: 'clippy::needless_return',
              ruleIndex: 1,
              level: 'warning',
              message: { text: 'unneeded `return`' },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'src/lib.rs', uriBaseId: '%SRCROOT%' },
                    region: { startLine: 3, startColumn: 5, endLine: 3, endColumn: 9 },
                  },
                },
              ],
            },
            {
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'src/a%20b/%C3%A9%23.rs' },
                    region: { startLine: 3 },
                  },
                },
              ],
            },
            { ruleId: 'E0308', level: 'error' },
          ],
        },
      ],
    });
  });
});

describe('the summary', () => {
  test('has a line for each task and what a failure said', () => {
    const cached = { kind: 'cached', summary: 'formatted', content: 'sha256:0', ranAt: 0, ranFor: 5 } as const;
    const format: TaskResult = { ...cached, task: 'check/format', stage: 'check', title: 'cargo fmt', duration: 1 };
    expect(summaryPage(results([format, failed({ hint: 'mend it' })]), asIs)).toBe(
      `### herald\\: check failed in 3s

branch develop at 0123456789ab

| | task | result | time |
|---|---|---|---|
| 🔁 | check/format | formatted | from the cache |
| ❌ | check/lint | 1 finding | 1.2s |

#### check/lint

\`\`\`text
a
b
\`\`\`

Hint: mend it
`.replace('herald\\:', 'herald:'),
    );
  });

  test('no text gets out of its cell, or out of the fence', () => {
    const evil = 'a | b\n| c\r<script>[x](javascript:x)`';
    const page = summaryPage(results([failed({ summary: evil, details: ['```', '~~~', '````', '</details>'] })]), asIs);
    const rows = page.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(3);
    expect(rows[2]?.match(/(?<!\\)\|/g)).toHaveLength(5);
    expect(page).not.toContain('<script>');
    expect(page).not.toContain('](javascript');
    expect(page).toContain('`````text');
  });

  test('is never longer than the host takes, and hides secrets', () => {
    const many = Array.from({ length: 4000 }, (_, index) =>
      failed({ task: `check/${index}`, summary: 'hunter2'.repeat(20) }),
    );
    const page = summaryPage(results(many), hiding);
    expect(Buffer.byteLength(page)).toBeLessThan(1024 * 1024);
    expect(page).toMatch(/\d+ more lines are in the log\.$/);
    expect(page).not.toContain('hunter2');
  });
});

describe('the files of a job', () => {
  test('hold single tests only when some task has run them, also when it was taken from the cache', () => {
    const folder = join(root, 'reports');
    writeReports({ folder, results: results([failed()]), summary: '# x', redact: asIs });
    expect(existsSync(join(folder, 'junit.xml'))).toBe(false);
    const suites = [{ name: 'unit', passed: ['a'], ignored: [], failed: [], crash: null }];
    const known = { task: 'test/unit', stage: 'test', title: '', duration: 0, summary: '1 passed' } as const;
    const cached: TaskResult = { kind: 'cached', ...known, content: 'sha256:0', ranAt: 0, ranFor: 0 };
    const values = { 'test/unit': { passed: 1, suites }, 'build/component': { size: 1234 } };
    writeReports({ folder, results: results([cached], values), summary: '# x', redact: asIs });
    expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).toContain('<testcase name="a"');
    expect(readFileSync(join(folder, 'metrics.txt'), 'utf8')).toBe(`# TYPE slipway_findings gauge
slipway_findings 0
# TYPE slipway_tests gauge
slipway_tests{result="passed"} 1
slipway_tests{result="failed"} 0
slipway_tests{result="ignored"} 0
# TYPE slipway_module_bytes gauge
slipway_module_bytes 1234
# EOF
`);
    writeOutputs(folder, { image: 'sha256:0' });
    expect(readFileSync(join(folder, 'slipway.env'), 'utf8')).toBe('SLIPWAY_IMAGE=sha256:0\n');
  });
});

describe('the log', () => {
  function folded(result: TaskResult): { readonly words: readonly HostWord[]; readonly written: string } {
    const words: HostWord[] = [];
    let written = '';
    const onEvent = foldLog({
      say: (word) => void words.push(word),
      write: (text) => (written += `${text}\n`),
      redact: hiding,
      prefix: 'a/',
    });
    onEvent({ kind: 'task.finished', run: 'r', at: 7, result });
    return { words, written };
  }

  test('has what a task printed in a section of its own, the middle left out when it is long', () => {
    const log = join(root, 'log');
    mkdirSync(root, { recursive: true });
    writeFileSync(log, `begin\n${'x'.repeat(400_000)}\nend\n`);
    const { words, written } = folded(failed({ log }));
    expect(words.map(({ kind }) => kind)).toEqual(['open', 'close', 'finding']);
    expect(written.length).toBeLessThan(300_000);
    expect(written).toMatch(/^begin\n/);
    expect(written).toMatch(/bytes are left out here; all of it is in .*\n[^]*end\n$/);
  });

  test('shows ten findings at their lines, without secrets, and one word for what has none', () => {
    const many = Array.from({ length: 30 }, () => ({ ...lint, message: 'hunter2' }));
    const { words } = folded(failed({ findings: many }));
    expect(words).toHaveLength(10);
    expect(words[0]).toMatchObject({ finding: { message: '[secret]', place: { file: 'a/src/lib.rs' } } });
    expect(folded(failed({ findings: [] })).words).toEqual([
      { kind: 'error', title: 'check/lint', message: '1 finding' },
    ]);
  });
});
