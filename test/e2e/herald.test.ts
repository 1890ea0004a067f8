/**
 * What the demo takes from the example besides its code: two changes that apply to it, and a collection of requests.
 * That the changed crate builds and passes its own tests is shown by the demo, which runs the pipeline on it.
 */

import { cpSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runBriefly, type Finished } from '../../src/kernel/subprocess.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';

const example = join(import.meta.dirname, '../../examples/herald');
let copy = '';

/** git without the settings of whoever runs the test. */
function git(...args: string[]): Promise<Finished> {
  const env = { PATH: process.env['PATH'] ?? '', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  return runBriefly({ program: 'git', args, cwd: copy, env, timeout: 20_000 });
}

/** Applies a change and gives the files that it touched, or what git said against it. */
async function apply(change: 'good' | 'bad'): Promise<string[] | string> {
  await git('add', '--all');
  const applied = await git('apply', join(example, 'demo/changes', `${change}.patch`));
  if (applied.exitCode !== 0) return applied.stderr;
  return (await git('diff', '--name-only')).stdout.trim().split('\n');
}

beforeEach(async () => {
  copy = temporaryFolder('slipway-herald-');
  cpSync(example, copy, { recursive: true, filter: (path) => basename(path) !== 'target' });
  await git('init', '--quiet');
});

afterEach(() => rmSync(copy, { recursive: true, force: true }));

const goodFiles = ['src/badge.rs', 'src/front.html', 'src/router.rs', 'tests/http.rs'];
const badFiles = ['src/badge/colour.rs'];

describe('the changes of the demo', () => {
  test('the good one and then the bad one apply to the example', async () => {
    expect(await apply('good')).toEqual(goodFiles);
    expect(await apply('bad')).toEqual(badFiles);
  });

  test('the bad one applies to the example as it is', async () => {
    expect(await apply('bad')).toEqual(badFiles);
  });

  test('a change that is there already is refused, not applied twice', async () => {
    await apply('good');
    expect(await apply('good')).toContain('patch does not apply');
  });

  test('the bad one gives nine colours to ten last digits, which its own test does not notice', async () => {
    await apply('bad');
    const source = readFileSync(join(copy, 'src/badge/colour.rs'), 'utf8');
    const palette = /const NAMED: \[\(&str, Colour\); (\d+)\]/.exec(source);
    expect(palette?.[1]).toBe('9');
    expect(source).toContain('NAMED.get(usize::from(last_digit))');
    const numbersUnderTest = [...source.matchAll(/chosen\(None, "(\d+)"\)/g)].map((match) => match[1]);
    expect(numbersUnderTest.length).toBeGreaterThan(0);
    expect(numbersUnderTest.filter((number) => number?.endsWith('9'))).toEqual([]);
  });
});

interface Collection {
  readonly variable: readonly { readonly key: string }[];
  readonly item: readonly {
    readonly request: { readonly method: string; readonly url: string };
    readonly event: readonly { readonly script: { readonly exec: readonly string[] } }[];
  }[];
}

describe('the Postman collection', () => {
  const path = join(example, 'tests/api.postman_collection.json');
  const collection = JSON.parse(readFileSync(path, 'utf8')) as Collection;

  test('every request goes to the base URL and has an assertion', () => {
    expect(collection.item.length).toBeGreaterThanOrEqual(5);
    expect(collection.variable.map(({ key }) => key)).toContain('baseUrl');
    for (const { request, event } of collection.item) {
      expect(request.url).toMatch(/^\{\{baseUrl\}\}\//);
      const script = event.flatMap(({ script }) => script.exec).join('\n');
      expect(script).toContain('pm.response.to.have.status(');
    }
  });

  test('every route of the service is asked', () => {
    const asked = collection.item.map(({ request }) => `${request.method} ${request.url.replace('{{baseUrl}}', '')}`);
    for (const route of ['GET /', 'GET /healthz', 'POST /v1/notes', 'POST /v1/bump', 'POST /v1/lint']) {
      expect(asked).toContain(route);
    }
    expect(asked.some((request) => request.startsWith('GET /badge/'))).toBe(true);
  });
});
