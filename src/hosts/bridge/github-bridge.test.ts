import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../kernel/workspace.ts';
import { createGitHubBridge } from './github-bridge.ts';

const bridge = createGitHubBridge({ GITHUB_RUN_ID: '123', GITHUB_WORKSPACE: '/work' });

interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/** How the runner reads a line of a log (actions/runner, ActionCommand.cs: TryParseV2, TryParse). */
function commandIn(line: string): Command | null {
  const trimmed = line.trim();
  const [, name = '', given = '', data = ''] = /^::([^: ]+)(?: ([^]*?))?::([^]*)$/.exec(trimmed) ?? [];
  if (name !== '') {
    const properties = given.split(',').flatMap((pair): [string, string][] => {
      const at = pair.indexOf('=');
      return at < 0 ? [] : [[pair.slice(0, at).trim(), unescapedProperty(pair.slice(at + 1))]];
    });
    return { name, properties: Object.fromEntries(properties), data: unescapedData(data) };
  }
  const old = /##\[([^\] ]+)[^\]]*\]([^]*)$/.exec(line);
  return old === null ? null : { name: old[1] ?? '', properties: {}, data: old[2] ?? '' };
}

function unescapedData(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}

function unescapedProperty(text: string): string {
  const plain = text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%3A', ':').replaceAll('%2C', ',');
  return plain.replaceAll('%25', '%');
}

/** .NET's ReadLine ends a line at each of these. */
function linesOf(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/);
}

const NASTY = [
  '::set-output name=x::y',
  '  ::add-mask::e',
  '\t::stop-commands::x',
  '\u00a0::error::x',
  '\ufeff::error::x',
  'harmless\r::error::after a lone carriage return',
  'harmless\u0085::error::x',
  '##[add-matcher]/tmp/x.json',
  'in the middle ##[error]x',
  '\u001b[31m::error::coloured',
  '\u001b[31m\u001b[0m  ::error::x',
  '\u0000::error::x',
  '\u000b\u000c::error::x',
  '100% ::done::',
];
const foreign = fc.oneof(
  fc.constantFrom(...NASTY),
  fc
    .array(
      fc.oneof(fc.constantFrom('::', ' ', '\n', '\r', '##[', 'error', '\u001b[1m', '%0A', ',', ':'), fc.string()),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join('')),
);

describe('the log of a job on GitHub', () => {
  test.each(NASTY)('%j is text in it', (text) => {
    expect(linesOf(bridge.quote(text)).map((line) => commandIn(line))).toEqual(
      linesOf(bridge.quote(text)).map(() => null),
    );
  });

  test('holds no command that a program has printed', () => {
    fc.assert(
      fc.property(foreign, (text) => {
        expect(linesOf(bridge.quote(text)).filter((line) => commandIn(line) !== null)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('shows colours and tabs, and makes other control characters visible', () => {
    expect(bridge.quote('\u001b[32mok\u001b[39m\tx')).toBe('\u001b[32mok\u001b[39m\tx');
    expect(bridge.quote('a\u001b[2Jb\u001b[8mc\u0007')).toBe('a\\x1b[2Jb\\x1b[8mc\\x07');
    expect(bridge.quote('a std::vec::Vec, 50% ::')).toBe('a std::vec::Vec, 50% ::');
  });

  test('a finding is shown with what it says, whatever that is', () => {
    fc.assert(
      fc.property(foreign, foreign, foreign, (message, rule, file) => {
        const place = { file, line: 3, column: 5, endLine: 3, endColumn: 9 };
        const line = bridge.say({ kind: 'finding', finding: { severity: 'warning', rule, message, place } }) ?? '';
        expect(linesOf(line)).toHaveLength(1);
        const command = commandIn(line);
        // oxlint-disable-next-line no-control-regex -- control characters are what this is about
        const plain = (text: string) => text.replaceAll(/\u001b\[[0-9;]*m/g, '').replaceAll('##[', '## [');
        expect(command).toMatchObject({ name: 'error' });
        expect(command?.data.trim()).toBe(plain(message).trim());
        expect(command?.properties).toMatchObject({ line: '3', endLine: '3', col: '5', endColumn: '9' });
        expect(command?.properties['file']?.trim()).toBe(plain(file).trim());
        expect(command?.properties['title']?.trim()).toBe(plain(rule).trim());
      }),
      { numRuns: 300 },
    );
  });

  test('without a place a finding has none, and over several lines no columns', () => {
    const finding = { severity: 'error', rule: 'E0308', message: 'no' } as const;
    expect(bridge.say({ kind: 'finding', finding: { ...finding, place: null } })).toBe('::error title=E0308::no');
    const place = { file: 'a.rs', line: 1, column: 2, endLine: 4, endColumn: 3 };
    expect(bridge.say({ kind: 'finding', finding: { ...finding, place } })).toBe(
      '::error file=a.rs,line=1,endLine=4,title=E0308::no',
    );
  });

  test('a value of several lines is hidden as a whole', () => {
    expect(bridge.say({ kind: 'mask', value: 'a%\nb' })).toBe('::add-mask::a%25%0Ab');
    // Changed in anything it would hide something else. The runner looks for the older form only where it finds no new one.
    expect(bridge.say({ kind: 'mask', value: 'a##[b\u001b[1mc' })).toBe('::add-mask::a##[b\u001b[1mc');
  });
});

describe('what is published', () => {
  function published(outputs: Readonly<Record<string, string>>, summary = ''): { output: string; summary: string } {
    const folder = temporaryFolder();
    const [output, page] = [join(folder, 'output'), join(folder, 'summary')];
    writeFileSync(output, 'before=1\n');
    createGitHubBridge({ GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: page }).publish({ outputs, summary });
    const read = { output: readFileSync(output, 'utf8'), summary: summary === '' ? '' : readFileSync(page, 'utf8') };
    rmSync(folder, { recursive: true });
    return read;
  }

  test('a value sets its own name and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(foreign, fc.constant('x\nEOF\nevil=1\nevil<<end\n')), (value) => {
        const { output } = published({ image: value });
        const [, delimiter = ''] = /^before=1\nimage<<(end-[0-9a-f]{32})\n/.exec(output) ?? [];
        expect(output).toBe(`before=1\nimage<<${delimiter}\n${value}\n${delimiter}\n`);
        expect(value.split('\n')).not.toContain(delimiter);
      }),
      { numRuns: 50 },
    );
  });

  test('a summary is added to what is there', () => {
    expect(published({}, '### a').summary).toBe('### a\n');
  });

  test('where the host names no file nothing is written, and one that can not be written is told', () => {
    createGitHubBridge({}).publish({ outputs: { image: 'x' }, summary: 'x' });
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'summary'));
    const env = { GITHUB_STEP_SUMMARY: join(folder, 'summary') };
    expect(() => createGitHubBridge(env).publish({ outputs: {}, summary: 'x' })).toThrow(/EISDIR/);
    rmSync(folder, { recursive: true });
  });
});

test('the record of an approval says which gate it was', () => {
  expect(bridge.gateOf('production')).toBe("the gate of GitHub's environment production (run 123)");
});
