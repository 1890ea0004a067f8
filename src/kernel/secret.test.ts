import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createRedactor, resolveSecrets, secretForms, type SecretReference } from './secret.ts';
import { temporaryFolder } from './workspace.ts';

const folder = temporaryFolder('slipway-secret-');
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'secrets'));
writeFileSync(join(folder, 'secrets', 'token'), 'from a file\n');
writeFileSync(join(folder, 'secrets', 'blank'), '\n');
writeFileSync(join(folder, 'secrets', 'binary'), Buffer.from([0xff, 0xfe, 0x00]));

const places = { env: { TOKEN: 'from the environment\n', BLANK: '' }, folder };
const resolve = (reference: SecretReference) => resolveSecrets({ NAME: reference }, places);

describe('a reference to a secret', () => {
  test('gives the value of a variable as it is, and the text of a file without its last newline', () => {
    const references = {
      ONE: { from: 'env', name: 'TOKEN' },
      TWO: { from: 'file', name: 'secrets/token' },
      THREE: { from: 'file', name: join(folder, 'secrets/token') },
    } as const;
    expect(resolveSecrets(references, places)).toEqual({
      ONE: 'from the environment\n',
      TWO: 'from a file',
      THREE: 'from a file',
    });
  });

  test.each([
    [{ from: 'env', name: 'NOBODY' }, 'secret/missing', /NAME is not there: the environment variable NOBODY/],
    [{ from: 'file', name: 'secrets/none' }, 'secret/missing', /NAME is not there: the file secrets\/none/],
    [{ from: 'env', name: 'BLANK' }, 'secret/empty', /NAME is empty: the environment variable BLANK/],
    [{ from: 'file', name: 'secrets/blank' }, 'secret/empty', /NAME is empty: the file secrets\/blank/],
    [{ from: 'file', name: 'secrets/binary' }, 'secret/unreadable', /NAME can't be used: the file secrets\/binary/],
    [{ from: 'file', name: 'secrets' }, 'secret/unreadable', /NAME can't be used: the file secrets/],
  ] as const)('to %j is refused with %s', (reference, code, message) => {
    expect(() => resolve(reference)).toThrow(
      expect.objectContaining({ code, kind: 'usage', message: expect.stringMatching(message) as string }),
    );
  });

  test('that holds more than a process can be given is refused', () => {
    const env = { LONG: 'x'.repeat(200_000) };
    expect(() => resolveSecrets({ NAME: { from: 'env', name: 'LONG' } }, { env, folder })).toThrow(
      expect.objectContaining({ code: 'secret/unreadable' }),
    );
  });
});

describe('what is shown', () => {
  test('has no value in it, nor its form in JSON or in an address, nor a line of it', () => {
    const redact = createRedactor(['p"ss/word one', 'first line\nsecond line']);
    expect(redact('a p"ss/word one b')).toBe('a [secret] b');
    expect(redact('{"a":"p\\"ss/word one"}')).toBe('{"a":"[secret]"}');
    expect(redact('/?a=p%22ss%2Fword%20one')).toBe('/?a=[secret]');
    expect(redact('only the second line here')).toBe('only the [secret] here');
  });

  test('has nothing left over of a value that begins with another', () => {
    expect(createRedactor(['secret-a', 'secret-abc'])('secret-abc')).toBe('[secret]');
  });

  test('keeps its words when a value is as short as one', () => {
    expect(createRedactor(['on', 'true'])('only once is true')).toBe('only once is true');
  });
});

test('a value is found in base64 wherever it begins, and each of its forms is known', () => {
  const secret = 'correct horse?~é';
  const redact = createRedactor([secret]);
  for (const before of ['', 'u', 'us', 'user:', 'Basic user:']) {
    for (const after of ['', '!', '!!', ' and more']) {
      const whole = Buffer.from(`${before}${secret}${after}`);
      // What stays are the characters that its neighbours have a part in.
      for (const kind of ['base64', 'base64url'] as const) expect(redact(whole.toString(kind))).toContain('[secret]');
    }
  }
  expect(secretForms([secret, 'short'])).toContain(encodeURIComponent(secret));
  expect(secretForms(['short', ''])).toEqual([]);
});
