import { expect, test } from 'vitest';
import { createCargoReader } from './cargo-output.ts';

function read(
  stdout: readonly object[],
  stderr = '',
): ReturnType<ReturnType<typeof createCargoReader>['read']> & {
  log: string;
  progress: string[];
} {
  const seen = { log: '', progress: [] as string[] };
  const reader = createCargoReader({
    log: (piece) => (seen.log += piece),
    progress: (text) => seen.progress.push(text),
  });
  reader.onOutput(stdout.map((message) => `${JSON.stringify(message)}\n`).join(''), 'stdout');
  for (const character of stderr) reader.onOutput(character, 'stderr');
  return { ...reader.read(), ...seen };
}

const finding = {
  reason: 'compiler-message',
  target: { name: 'tally', kind: ['lib'] },
  message: {
    message: 'unneeded `return` statement',
    level: 'error',
    code: { code: 'clippy::needless_return' },
    rendered: 'error: unneeded `return` statement\n --> src/lib.rs:1:1\n',
    spans: [
      { file_name: 'src/other.rs', is_primary: false, line_start: 7, line_end: 7, column_start: 1, column_end: 2 },
      { file_name: 'src/lib.rs', is_primary: true, line_start: 1, line_end: 1, column_start: 1, column_end: 12 },
    ],
  },
};

test('the progress bar becomes progress and stays out of the log', () => {
  const { progress, log, text } = read(
    [],
    '   Compiling a v1.0.0\n    Building [=====>      ] 1/12: a\r    Building [=========> ] 11/12: b\r    Finished `release`\n',
  );
  expect(progress).toEqual(['1/12 crates', '11/12 crates']);
  expect(log).toBe('   Compiling a v1.0.0\n    Finished `release`\n');
  expect(text).toBe(log);
});

test('a diagnostic that comes once for the library and once for its tests counts once', () => {
  const { diagnostics, log } = read([finding, finding]);
  expect(diagnostics).toEqual([
    {
      level: 'error',
      code: 'clippy::needless_return',
      message: 'unneeded `return` statement',
      rendered: finding.message.rendered,
      place: { file: 'src/lib.rs', line: 1, column: 1, endLine: 1, endColumn: 12 },
    },
  ]);
  expect(log).toContain('src/lib.rs:1:1');
});

test('notes and closing remarks are not findings', () => {
  const other = (level: string, message: string) => ({ ...finding, message: { level, message, rendered: message } });
  const { diagnostics } = read([
    other('failure-note', 'For more information about this error'),
    other('error', 'aborting due to 2 previous errors'),
    other('warning', '3 warnings emitted'),
  ]);
  expect(diagnostics).toEqual([]);
});

test('artifacts tell their files, foreign lines go to the log, broken messages are passed over', () => {
  const artifact = { reason: 'compiler-artifact', target: { name: 'app', kind: ['bin'] }, filenames: ['/t/app.wasm'] };
  const reader = createCargoReader({ log: (piece) => (log += piece), progress: () => undefined });
  let log = '';
  reader.onOutput(
    `${JSON.stringify(artifact)}\nhello from a build script\n{"reason":"compiler-message"}\n{"reas`,
    'stdout',
  );
  expect(reader.read().artifacts).toEqual([{ target: { name: 'app', kind: ['bin'] }, files: ['/t/app.wasm'] }]);
  expect(log).toContain('hello from a build script\n');
});
