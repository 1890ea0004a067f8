/** A job of Jenkins: its log knows no commands, reports are read from files by steps of the Jenkinsfile. */

import { plainLines, unstyled } from './foreign-text.ts';
import type { HostBridge, HostWord, JobVariables } from './host-bridge.ts';

export function createJenkinsBridge(env: JobVariables): HostBridge {
  const build = `${env['JOB_NAME'] ?? '?'} #${env['BUILD_NUMBER'] ?? env['BUILD_ID'] ?? '?'}`;
  return {
    name: 'Jenkins',
    // Only a plugin would show them.
    colour: false,
    root: env['WORKSPACE'] || null,
    job: build,
    say,
    quote: (text) => plainLines(unstyled(text)).join('\n'),
    publish: () => undefined,
    gateOf: (environment) => `the input step of Jenkins before ${environment} (${build})`,
  };
}

function say(word: HostWord): string | null {
  return word.kind === 'open' ? `---- ${plainLines(unstyled(word.title)).join(' ')}` : null;
}
