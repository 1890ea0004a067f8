import { describe, expect, test } from 'vitest';
import { artifactTag } from './artifact-tag.ts';
import { printable } from './printable.ts';
import { parseReference, repositoryName } from './reference.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('a reference', () => {
  test.each([
    ['greeter', 'docker.io/library/greeter', undefined, undefined],
    ['greeter:5000', 'docker.io/library/greeter', '5000', undefined],
    ['acme/greeter:v1', 'docker.io/acme/greeter', 'v1', undefined],
    ['index.docker.io/acme/greeter', 'docker.io/acme/greeter', undefined, undefined],
    ['docker.io/greeter', 'docker.io/library/greeter', undefined, undefined],
    ['ghcr.io/acme/greeter', 'ghcr.io/acme/greeter', undefined, undefined],
    ['GHCR.io/acme/greeter', 'ghcr.io/acme/greeter', undefined, undefined],
    ['localhost/greeter', 'localhost/greeter', undefined, undefined],
    ['localhost:5000/a/b/c__d:X_1.2-3', 'localhost:5000/a/b/c__d', 'X_1.2-3', undefined],
    ['127.0.0.1:5000/greeter', '127.0.0.1:5000/greeter', undefined, undefined],
    ['[::1]:5000/greeter:v1', '[::1]:5000/greeter', 'v1', undefined],
    [`ghcr.io/acme/greeter@${DIGEST}`, 'ghcr.io/acme/greeter', undefined, DIGEST],
    [`ghcr.io/acme/greeter:v1@${DIGEST}`, 'ghcr.io/acme/greeter', 'v1', DIGEST],
    [`ghcr.io/acme/greeter:${'t'.repeat(128)}`, 'ghcr.io/acme/greeter', 't'.repeat(128), undefined],
  ])('%s', (text, name, tag, digest) => {
    const reference = parseReference(text);
    expect(repositoryName(reference)).toBe(name);
    expect(reference.tag).toBe(tag);
    expect(reference.digest).toBe(digest);
  });

  test.each([
    '',
    ' ',
    'Greeter',
    'acme/Greeter',
    'acme//greeter',
    '/greeter',
    'greeter/',
    '../greeter',
    'acme/../greeter',
    'acme/-greeter',
    'acme/greeter.',
    'acme/gree..ter',
    'acme/gree___ter',
    'greeter:',
    'greeter:-v1',
    'greeter:v1:v2',
    'greeter:a/b:c d',
    `greeter:${'t'.repeat(129)}`,
    'greeter@sha256:abc',
    `greeter@${DIGEST.toUpperCase()}`,
    `greeter@md5:${'a'.repeat(64)}`,
    `greeter@${DIGEST}@${DIGEST}`,
    'https://ghcr.io/acme/greeter',
    'ghcr.io:0/greeter',
    'ghcr.io:99999/greeter',
    'ghcr.io:/greeter',
    '-ghcr.io/greeter',
    'ghcr..io/greeter',
    '[::1/greeter',
    'ghcr.io/a\u001b[2J',
    'ghcr.io/a\n',
    `ghcr.io/${'a'.repeat(255)}`,
  ])('%j is refused', (text) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: 'reference/malformed', kind: 'usage' }) as Error,
    );
  });
});

test('the tag of an artifact leaves room for its ending', () => {
  expect(artifactTag('main')).toBe('main-wasm');
  expect(artifactTag('t'.repeat(128))).toHaveLength(128);
});

test('a printable text has no character that steers a terminal, and an end', () => {
  expect(printable('a\u001b[31m\r\n\u009b\u202eb')).toBe('a\\u{1b}[31m\\u{d}\\u{a}\\u{9b}\\u{202e}b');
  expect(printable('x'.repeat(1000))).toHaveLength(301);
  expect(printable('grüße ✓')).toBe('grüße ✓');
});
