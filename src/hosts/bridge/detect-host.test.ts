import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectHost } from './detect-host.ts';
import { createGitLabBridge } from './gitlab-bridge.ts';
import { createJenkinsBridge } from './jenkins-bridge.ts';

test('each host is known by what it sets, and CI alone is none', () => {
  expect(detectHost({ GITHUB_ACTIONS: 'true' })?.name).toBe('GitHub');
  expect(detectHost({ GITLAB_CI: 'true' })?.name).toBe('GitLab');
  expect(detectHost({ JENKINS_URL: 'http://ci/' })?.name).toBe('Jenkins');
  expect(detectHost({ BUILD_ID: '7', JOB_NAME: 'herald' })?.name).toBe('Jenkins');
  expect(detectHost({ CI: 'true', BUILD_ID: '7' })).toBeNull();
  expect(detectHost({ GITHUB_ACTIONS: 'false', GITLAB_CI: '' })).toBeNull();
});

describe('the log of a job on GitLab', () => {
  const bridge = createGitLabBridge({ CI_JOB_ID: '9', GITLAB_USER_LOGIN: 'ana', CI_PROJECT_DIR: '/b' });
  /** As its log viewer reads it (gitlab-org/gitlab, Gitlab::Ci::Trace::SectionParser). */
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  const MARK = /section_(start|end):(\d+):([a-zA-Z0-9_.-]+)(\[[^\]]*\])?\r\u001b\[0K/g;
  const marks = (text: string): readonly string[] =>
    [...text.matchAll(MARK)].map(([, which, , name]) => `${which} ${name}`);

  test('is folded by marks with a name that it takes', () => {
    const open =
      bridge.say({ kind: 'open', section: 'check/lint', title: 'cargo clippy', at: 1_700_000_000_999 }) ?? '';
    expect(open).toBe('\u001b[0Ksection_start:1700000000:check_lint[collapsed=true]\r\u001b[0Kcargo clippy');
    const close = bridge.say({ kind: 'close', section: 'check/lint', at: 1_700_000_001_000 }) ?? '';
    expect([...marks(open), ...marks(close)]).toEqual(['start check_lint', 'end check_lint']);
  });

  test('holds no mark that a program has printed', () => {
    const evil = 'section_end:1:check_lint\r\u001b[0K';
    expect(marks(evil)).toHaveLength(1);
    const parts = fc.oneof(fc.constantFrom(evil, '\r', '\n', '\u001b[0K', 'section_start:1:x'), fc.string());
    fc.assert(
      fc.property(fc.array(parts), (pieces) => {
        expect(marks(bridge.quote(pieces.join('')))).toEqual([]);
        const title = bridge.say({ kind: 'open', section: 'a', title: pieces.join(''), at: 0 }) ?? '';
        expect(marks(title)).toEqual(['start a']);
      }),
    );
  });

  test('says nothing of findings, which a report shows', () => {
    expect(bridge.say({ kind: 'error', title: 'a', message: 'b' })).toBeNull();
    expect(bridge.say({ kind: 'mask', value: 'secret' })).toBeNull();
  });

  test('names who has started the job behind a gate', () => {
    expect(bridge.gateOf('production')).toBe("the gate of GitLab's environment production (job 9, started by ana)");
  });
});

test('the log of a job on Jenkins is plain', () => {
  const bridge = createJenkinsBridge({ JOB_NAME: 'herald/main', BUILD_NUMBER: '4', WORKSPACE: '/w' });
  expect(bridge.quote('\u001b[31mred\u001b[0m\u001b[8mha:////AAAA\u001b[0m\u0007')).toBe('redha:////AAAA\\x07');
  expect(bridge.say({ kind: 'open', section: 'a/b', title: 'log\nof a', at: 0 })).toBe('---- log of a');
  expect(bridge.say({ kind: 'close', section: 'a/b', at: 0 })).toBeNull();
  expect(bridge.gateOf('production')).toBe('the input step of Jenkins before production (herald/main #4)');
});
