/** Newer versions of the pinned actions, asked of their repositories. */

import { runCommand } from '../kernel/subprocess.ts';
import { hostsFault } from './hosts-fault.ts';
import type { Pin, Pins } from './pins.ts';

export interface UpdatePinsOptions {
  readonly pins: Pins;
  /** What stands before `owner/name` in the address of a repository. */
  readonly base: string;
  /** Git is run with HOME, PATH and GIT_* of it, and asks nobody. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

export interface PinUpdate {
  readonly action: string;
  readonly before: Pin;
  /** The newest version of the same major one: what an action takes and gives changes with that. */
  readonly after: Pin;
  /** The tag of the old version names another commit now. Honest authors don't do that. */
  readonly moved: boolean;
}

/** One for each action. @throws Fault `hosts/no-version` (unreachable) */
export function updatePins(options: UpdatePinsOptions): Promise<readonly PinUpdate[]> {
  return Promise.all(
    Object.entries(options.pins).map(async ([action, before]): Promise<PinUpdate> => {
      const versions = await versionsOf(action, options);
      const now = versions.find(({ version }) => version === before.version);
      const [newest] = versions
        .filter(({ version }) => majorOf(version) === majorOf(before.version))
        .sort((one, other) => byVersion(other.version, one.version));
      const moved = now !== undefined && now.commit !== before.commit;
      const isNewer = newest !== undefined && byVersion(newest.version, before.version) > 0;
      return { action, before, after: isNewer && !moved ? newest : before, moved };
    }),
  );
}

/** The full versions (`v1.2.3`) of an action; other tags are meant to move. */
async function versionsOf(action: string, { base, environment, signal }: UpdatePinsOptions): Promise<readonly Pin[]> {
  const url = `${base}${action}`;
  const passed = Object.entries(environment).filter(([name]) => /^(HOME|PATH|GIT_.*)$/.test(name));
  const { exitCode, stdout, stderr } = await runCommand({
    program: 'git',
    args: ['ls-remote', '--tags', '--', url],
    cwd: '/',
    env: {
      ...Object.fromEntries(passed.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
      GIT_TERMINAL_PROMPT: '0',
    },
    timeout: 60_000,
    signal,
  });
  const versions = exitCode === 0 ? versionsIn(stdout) : [];
  if (versions.length > 0) return versions;
  throw hostsFault({
    code: 'hosts/no-version',
    kind: 'unreachable',
    message: `No version of ${action} was found at ${url}${stderr.trim() === '' ? '' : `: ${stderr.trim()}`}.`,
    hint: 'Nothing is changed. Try again when the address can be reached.',
  });
}

/** A tag with a message of its own is an object; `^{}` names the commit that it stands for. */
function versionsIn(listing: string): readonly Pin[] {
  const commits = new Map<string, string>();
  for (const [, commit = '', version = '', peeled = ''] of listing.matchAll(
    /^([0-9a-f]{40})\trefs\/tags\/(v\d+\.\d+\.\d+)(\^\{\})?$/gm,
  )) {
    if (peeled !== '' || !commits.has(version)) commits.set(version, commit);
  }
  return [...commits].map(([version, commit]) => ({ version, commit }));
}

function majorOf(version: string): string {
  return version.split('.')[0] ?? '';
}

function byVersion(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
