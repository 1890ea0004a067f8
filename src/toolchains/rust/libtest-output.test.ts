import { expect, test } from 'vitest';
import { createTestReader, totalOf, type TestProgram } from './libtest-output.ts';

const OUTPUT = `    Finished \`test\` profile [unoptimized + debuginfo] target(s) in 0.02s
     Running unittests src/lib.rs (target/debug/deps/tally-1)

running 4 tests
test tests::good ... ok
test tests::slow ... ignored, takes an hour
test tests::panics - should panic ... ok
test tests::bad ... FAILED

failures:

---- tests::bad stdout ----
said before

thread 'tests::bad' (7) panicked at src/lib.rs:26:32:
assertion failed: one == two
stack backtrace:
   0: somewhere


failures:
    tests::bad

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.06s

error: test failed, to rerun pass \`--lib\`
     Running tests/crash.rs (target/debug/deps/crash-2)

running 1 test
error: test failed, to rerun pass \`--test crash\`

Caused by:
  process didn't exit successfully: \`target/debug/deps/crash-2\` (signal: 6, SIGABRT: process abort signal)
     Running tests/own.rs (target/debug/deps/own-3)
all is well
   Doc-tests tally

running 1 test
test src/lib.rs - words (line 5) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
`;

function read(pieces: readonly string[]): { programs: readonly TestProgram[]; ended: number } {
  let ended = 0;
  const reader = createTestReader({ progress: (count) => (ended = count) });
  for (const piece of pieces) reader.push(piece);
  return { programs: reader.read(), ended };
}

test('each program has its kind, its counts and the messages of its failures, without backtraces', () => {
  const { programs, ended } = read([OUTPUT]);
  expect(programs.map(({ name, kind, finished }) => [name, kind, finished])).toEqual([
    ['unittests src/lib.rs', 'unit', true],
    ['tests/crash.rs', 'integration', false],
    ['tests/own.rs', 'integration', false],
    ['doc-tests tally', 'doc', true],
  ]);
  expect(programs[0]).toMatchObject({ passed: 2, failed: 1, ignored: 1, ending: undefined });
  expect(programs[0]?.failures).toEqual([
    {
      name: 'tests::bad',
      output: "said before\n\nthread 'tests::bad' (7) panicked at src/lib.rs:26:32:\nassertion failed: one == two",
    },
  ]);
  expect(programs[0]).toMatchObject({ good: ['tests::good', 'tests::panics'], leftOut: ['tests::slow'] });
  expect(programs[1]?.ending).toBe('signal: 6, SIGABRT: process abort signal');
  expect(totalOf(programs)).toEqual({ passed: 3, failed: 1, ignored: 1 });
  expect(ended).toBe(5);
});

test('it does not matter where the output is cut into pieces', () => {
  expect(read(OUTPUT.split('')).programs).toEqual(read([OUTPUT]).programs);
});

test('a failed test that printed nothing is still named', () => {
  const { programs } = read(['     Running tests/a.rs (x)\ntest quiet ... FAILED\n']);
  expect(programs[0]?.failures).toEqual([{ name: 'quiet', output: '' }]);
});
