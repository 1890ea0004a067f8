/** What no single key of `slipway.yaml` gets wrong by itself: contradictions between keys, and secrets in plain sight. */

import { firstOverlap, rulesFor } from './branch-rules.ts';
import { checkCluster } from './kubernetes-checks.ts';
import { nameHint } from './nearest.ts';
import type { ProblemDraft } from './problem.ts';
import type { BranchRule, Target, Toolchain } from './project.ts';
import type { WrittenProject } from './project-schema.ts';
import { looksSecret } from './secret-shapes.ts';
import { checkStrategy } from './strategy-checks.ts';
import { memberAt } from './validate.ts';
import type { YamlSource } from './yaml-source.ts';

/** What each toolchain can build. AssemblyScript makes core modules only; the others have a linker for components. */
export const TARGETS_OF: Readonly<Record<Toolchain, readonly Target[]>> = {
  rust: ['wasm32-wasip2', 'wasm32-wasip1'],
  go: ['wasm32-wasip2', 'wasm32-wasip1'],
  c: ['wasm32-wasip2', 'wasm32-wasip1'],
  assemblyscript: ['wasm32-wasip1'],
};

/** `toolchain` is the one that is written or was found; `null` when there is none. */
export function checkProject(
  source: YamlSource,
  written: WrittenProject,
  toolchain: Toolchain | null,
): readonly ProblemDraft[] {
  const names = Object.keys(written.environments);
  return [
    ...checkTarget(written, toolchain),
    ...names.flatMap((name) => checkStrategy(source.value, ['environments', name, 'strategy'])),
    ...names.flatMap((name) => checkConfig(source, ['environments', name, 'config'])),
    ...names.flatMap((name) => checkEndToEnd(source, written, ['environments', name])),
    ...names.flatMap((name) => checkPreviewJudge(source, ['environments', name])),
    ...names.flatMap((name) => checkVariables(source, ['environments', name])),
    ...Object.entries(written.environments).flatMap(([name, environment]) =>
      checkCluster(source.value, ['environments', name], { ...written, environment }),
    ),
    ...checkNeeds(written),
    ...checkClaims(source, written),
  ];
}

function checkTarget({ build }: WrittenProject, toolchain: Toolchain | null): readonly ProblemDraft[] {
  if (toolchain === null || TARGETS_OF[toolchain].includes(build.target)) return [];
  const message = `${toolchain} can not build ${build.target}`;
  const hint = `Write ${TARGETS_OF[toolchain].map((target) => `\`${target}\``).join(' or ')}.`;
  return [{ code: 'config/wrong-target', message, hint, path: ['build', 'target'], at: 'value' }];
}

/** Plain values of the environment: none may be a secret, and none may be changed by being read as a number. */
export function checkConfig(source: YamlSource, path: readonly (string | number)[]): readonly ProblemDraft[] {
  const config = memberAt(source.value, path);
  return Object.entries(typeof config === 'object' && config !== null ? config : {}).flatMap(
    ([name, value]: [string, unknown]): readonly ProblemDraft[] => {
      const at = { path: [...path, name], at: 'value' } as const;
      const text = source.writtenAt(at.path);
      if (typeof value === 'string' && looksSecret(value)) {
        const message = `the value of ${name} is a secret; the project file takes only references to secrets`;
        return [
          {
            ...at,
            code: 'config/literal-secret',
            message,
            hint: 'Move it to `secrets` and write `env:NAME` or `file:PATH`.',
          },
        ];
      }
      if (typeof value === 'number' && text !== null && String(value) !== text) {
        const message = `YAML reads ${text} as the number ${value}`;
        return [{ ...at, code: 'config/wrong-type', message, hint: `Write '${text}' in quotes.` }];
      }
      return [];
    },
  );
}

/** A gate that asks for tests which the project has not. */
function checkEndToEnd(
  source: YamlSource,
  { tests }: WrittenProject,
  environment: readonly (string | number)[],
): readonly ProblemDraft[] {
  if (tests.e2e !== undefined) return [];
  const asking = [
    [...environment, 'gates', 'e2e'],
    [...environment, 'strategy', 'blueGreen', 'before', 'e2e'],
  ].filter((path) => memberAt(source.value, path) === true);
  const hint = 'Say what they are: `tests: { e2e: { postman: FILE } }` or `tests: { e2e: { run: COMMAND } }`.';
  return asking.map((path) => ({
    code: 'config/contradiction',
    message: 'there are no end-to-end tests to run',
    hint,
    path,
    at: 'value',
  }));
}

/** A judge before the switch, whom nobody would ever give anything to judge. */
function checkPreviewJudge(source: YamlSource, environment: readonly (string | number)[]): readonly ProblemDraft[] {
  const before = [...environment, 'strategy', 'blueGreen', 'before'];
  const sending = [before, [...environment, 'gates']].flatMap((gates) => [
    [...gates, 'load'],
    [...gates, 'e2e'],
  ]);
  const judge = [...before, 'judge'];
  if (memberAt(source.value, judge) === undefined) return [];
  if (sending.some((path) => Boolean(memberAt(source.value, path)))) return [];
  const message = 'nothing is sent to the preview that could be judged';
  const hint = 'Add a `load` gate beside it, or leave `judge` out.';
  return [{ code: 'config/contradiction', message, hint, path: judge, at: 'key' }];
}

/** A variable can not be plain and secret at once. */
function checkVariables(source: YamlSource, environment: readonly (string | number)[]): readonly ProblemDraft[] {
  const namesIn = (key: string): readonly string[] => {
    const members = memberAt(source.value, [...environment, key]);
    return typeof members === 'object' && members !== null ? Object.keys(members) : [];
  };
  const plain = namesIn('config');
  return namesIn('secrets')
    .filter((name) => plain.includes(name))
    .map((name) => ({
      code: 'config/contradiction',
      message: `${name} stands in \`config\` as well`,
      hint: 'Take it out of one of them.',
      path: [...environment, 'secrets', name],
      at: 'key',
    }));
}

function checkNeeds({ environments }: WrittenProject): readonly ProblemDraft[] {
  const names = [...new Set([...Object.keys(environments), 'local'])];
  return Object.entries(environments).flatMap(([name, { needs }]) =>
    needs.flatMap((need): readonly ProblemDraft[] => {
      const at = { path: ['environments', name, 'needs'], at: 'value' } as const;
      if (!names.includes(need)) {
        const message = `there is no environment \`${need}\``;
        return [{ ...at, code: 'config/contradiction', message, hint: nameHint(need, names) }];
      }
      if (!reaches(environments, need, name)) return [];
      const message = need === name ? `${name} needs itself` : `${name} and ${need} need each other`;
      return [{ ...at, code: 'config/contradiction', message, hint: 'Take one of them out.' }];
    }),
  );
}

type Environments = WrittenProject['environments'];

/** Whether `from` is `to`, or needs it directly or through others. */
function reaches(environments: Environments, from: string, to: string, seen: readonly string[] = []): boolean {
  if (from === to) return true;
  if (seen.includes(from)) return false;
  return (environments[from]?.needs ?? []).some((next) => reaches(environments, next, to, [...seen, from]));
}

/** Two environments that claim one branch; one after the other by `needs` is no contradiction. */
function checkClaims(source: YamlSource, written: WrittenProject): readonly ProblemDraft[] {
  const { environments, branches = null } = written;
  const claims = Object.entries(environments).map(([name, { from }]) => ({
    name,
    rules: rulesFor(name, from, branches),
  }));
  return claims.flatMap((later, index) =>
    claims.slice(0, index).flatMap((earlier): readonly ProblemDraft[] => {
      const overlap = firstOverlap(earlier.rules, later.rules);
      if (overlap === undefined) return [];
      if (reaches(environments, later.name, earlier.name) || reaches(environments, earlier.name, later.name)) return [];
      const laterIsWritten = overlap.other.source === 'from';
      const [here, there] = laterIsWritten ? [later.name, earlier.name] : [earlier.name, later.name];
      const [rule, rival] = laterIsWritten ? [overlap.other, overlap.one] : [overlap.one, overlap.other];
      return [claimDraft(source, { here, there, rule, rival })];
    }),
  );
}

interface Clash {
  readonly here: string;
  readonly there: string;
  readonly rule: BranchRule;
  readonly rival: BranchRule;
}

function claimDraft(source: YamlSource, { here, there, rule, rival }: Clash): ProblemDraft {
  const from = ['environments', here, 'from'];
  const list = memberAt(source.value, from);
  const index = Array.isArray(list) ? list.indexOf(rule.pattern) : -1;
  const line = source.lineOf(['environments', there, 'from']);
  const by = rival.source === 'from' ? `\`from\` on line ${line}` : `\`branches: ${rival.source}\``;
  return {
    code: 'config/contradiction',
    message:
      rule.pattern === rival.pattern
        ? `${there} is deployed from ${rule.pattern} too, by ${by}`
        : `some branches are claimed by ${here} (${rule.pattern}) and by ${there} (${rival.pattern}), by ${by}`,
    hint: `Take it from one of them; or let one need the other: \`needs: [${there}]\`.`,
    path: index < 0 ? from : [...from, index],
    at: 'value',
  };
}
