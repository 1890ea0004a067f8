/** A rehearsal from text to its value, or to everything that is wrong with it. Loads zod and yaml: import it lazily. */

import type { Expectation, Rehearsal, RehearsalAction } from '../delivery/index.ts';
import { deliverySpec } from './delivery-spec.ts';
import { nameHint } from './nearest.ts';
import { placeAll } from './place-all.ts';
import type { Path, Problem, ProblemDraft } from './problem.ts';
import { checkConfig } from './project-checks.ts';
import { rehearsalSchema, type WrittenRehearsal } from './rehearsal-schema.ts';
import { simulatedRelease } from './simulated-release-schema.ts';
import { withoutAbsent } from './without-absent.ts';
import { checkStrategy } from './strategy-checks.ts';
import { isContainer, memberAt, validate } from './validate.ts';
import { readYaml } from './yaml-source.ts';

export interface ParsedRehearsal {
  /** Present only when nothing is wrong. */
  readonly rehearsal: Rehearsal | null;
  /** In the order of the text. */
  readonly problems: readonly Problem[];
}

export function parseRehearsalFile(text: string, file: string): ParsedRehearsal {
  const source = readYaml(text, file);
  const { output, drafts } = validate(rehearsalSchema, source.value, { rehearsal: 'unnamed', releases: {} });
  const events = memberAt(source.value, ['events']);
  const problems = placeAll(source, [
    ...drafts,
    ...checkStrategy(source.value, ['strategy']),
    ...(Array.isArray(events)
      ? events.flatMap((_, index) => checkStrategy(source.value, ['events', index, 'strategy']))
      : []),
    ...checkConfig(source, ['config']),
    ...(output === null ? [] : checkReleases(source.value, output)),
    ...(output === null ? [] : checkTimes(output)),
  ]);
  return { rehearsal: output !== null && problems.length === 0 ? resolveRehearsal(output) : null, problems };
}

function resolveRehearsal(written: WrittenRehearsal): Rehearsal {
  const releases = Object.entries(written.releases).map(
    ([name, release]) => [name, simulatedRelease(release)] as const,
  );
  return {
    name: written.rehearsal,
    seed: written.seed,
    routing: written.routing,
    traffic: written.traffic,
    start: written.start ?? null,
    spec: { ...deliverySpec(written), routing: written.routing, engine: 'node', endToEnd: null },
    config: written.config,
    secrets: written.secrets,
    platforms: written.platforms,
    users: { count: written.users, keyless: written.keyless, match: written.match, safe: written.safe },
    releases: Object.fromEntries(releases),
    // Equal times keep the order of the file.
    events: [...written.events].sort((a, b) => a.at - b.at),
    until: written.until,
    expect: written.expect.map(resolveExpectation),
  };
}

function resolveExpectation({ at, ...written }: WrittenRehearsal['expect'][number]): Expectation {
  return { at: at === 'end' ? Infinity : at, ...withoutAbsent(written) };
}

/** Every release that is spoken of must be described. Names that could not be read are told elsewhere. */
function checkReleases(root: unknown, written: WrittenRehearsal): readonly ProblemDraft[] {
  const described = memberAt(root, ['releases']);
  const names = isContainer(described) ? Object.keys(described) : [];
  const unknown = (name: string, path: Path, at: 'key' | 'value' = 'value'): readonly ProblemDraft[] => {
    if (names.includes(name)) return [];
    const hint = names.length === 0 ? 'Describe it in `releases`.' : nameHint(name, names);
    return [{ code: 'config/contradiction', message: `there is no release \`${name}\``, hint, path, at }];
  };
  const unknownPlatform = (name: string, path: Path): readonly ProblemDraft[] => {
    if (written.platforms.includes(name)) return [];
    const hint = 'Name the platforms of the machines in `platforms: [linux/amd64, linux/arm64]`.';
    const message = `no machine of this rehearsal is ${name}`;
    return [{ code: 'config/contradiction', message, hint, path, at: 'key' }];
  };
  return [
    ...(written.start === undefined ? [] : unknown(written.start, ['start'])),
    ...written.events.flatMap(({ action }, index) => {
      const named = releaseOf(action);
      return named === null ? [] : unknown(named.name, ['events', index, ...named.path]);
    }),
    ...Object.entries(written.releases).flatMap(([name, { platforms }]) =>
      Object.keys(platforms).flatMap((platform) =>
        unknownPlatform(platform, ['releases', name, 'platforms', platform]),
      ),
    ),
    ...written.expect.flatMap((expectation, index) => {
      const path = ['expect', index];
      const { traffic = {}, ready = {}, requests = {} } = expectation;
      return [
        ...(['stable', 'candidate', 'queued', 'match'] as const).flatMap((key) => {
          const name = expectation[key];
          return name === undefined ? [] : unknown(name, [...path, key]);
        }),
        ...Object.keys(traffic).flatMap((name) => unknown(name, [...path, 'traffic', name], 'key')),
        ...Object.keys(ready).flatMap((name) => unknown(name, [...path, 'ready', name], 'key')),
        ...Object.keys(requests).flatMap((name) => unknown(name, [...path, 'requests', name], 'key')),
      ];
    }),
  ];
}

function releaseOf(action: RehearsalAction): { readonly name: string; readonly path: Path } | null {
  if (action.kind === 'deploy') return { name: action.release, path: ['deploy'] };
  if (action.kind === 'set') return { name: action.release, path: ['set', 'release'] };
  if (action.kind === 'rollback' && action.to !== null) return { name: action.to, path: ['rollback'] };
  return null;
}

function checkTimes(written: WrittenRehearsal): readonly ProblemDraft[] {
  const late = (path: Path): ProblemDraft => ({
    code: 'config/contradiction',
    message: 'this is after `until`, when nobody looks any more',
    hint: 'Raise `until`, or come earlier.',
    path,
    at: 'value',
  });
  return [
    ...written.events.flatMap(({ at }, index) => (at > written.until ? [late(['events', index, 'at'])] : [])),
    ...written.expect.flatMap(({ at, traffic = {} }, index): readonly ProblemDraft[] => {
      const least = Object.values(traffic).reduce((sum, { from }) => sum + from, 0);
      const path: Path = ['expect', index, 'traffic'];
      const message = `the shares add up to at least ${Number((least * 100).toFixed(6))}%`;
      return [
        ...(at !== 'end' && at > written.until ? [late(['expect', index, 'at'])] : []),
        ...(least > 1 + 1e-9
          ? [{ code: 'config/contradiction', message, hint: 'They can not exceed 100%.', path, at: 'value' } as const]
          : []),
      ];
    }),
  ];
}
