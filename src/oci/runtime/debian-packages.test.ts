import { expect, test } from 'vitest';
import { findMirror } from './debian-packages.ts';

test.each([
  ['of the one-line format', ['deb http://mirror.example/debian bookworm main'], 'http://mirror.example/debian'],
  [
    'with options',
    ['deb [arch=amd64 signed-by=/k] https://mirror.example/debian/ sid main'],
    'https://mirror.example/debian',
  ],
  [
    'of the stanza format',
    ['Types: deb', 'URIs: https://mirror.example/debian/', 'Suites: trixie'],
    'https://mirror.example/debian',
  ],
  ['with a path', ['deb https://mirror.example/apt/debian sid main'], 'https://mirror.example/apt/debian'],
  [
    'among others',
    [
      '# deb http://old.example/debian sid main',
      'deb http://x.example/debian-security s main',
      'URIs: https://a.example/apt https://b.example/debian',
    ],
    'https://b.example/debian',
  ],
  ['of another system', ['deb http://archive.example/ubuntu noble main'], undefined],
  ['for sources only', ['deb-src http://mirror.example/debian sid main'], undefined],
  ['that is not fetched by HTTP', ['deb cdrom:/debian bookworm main', 'deb file:/srv/debian sid main'], undefined],
  ['that is empty', [], undefined],
])('the mirror of a configuration of apt %s', (_, lines, mirror) => {
  expect(findMirror(lines)).toBe(mirror);
});
