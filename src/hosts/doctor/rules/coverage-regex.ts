/** Whether the pattern by which GitLab finds the coverage in a job's log can match what the job's tools print. */

import type { Hit } from '../finding.ts';
import type { SourceFile } from '../source-file.ts';
import type { YamlTree } from '../yaml-tree.ts';

/** What is called, and the line in which it tells the coverage. */
const TOOLS: readonly { readonly name: string; readonly call: RegExp; readonly line: string }[] = [
  { name: 'slipway', call: /\bslipway\s+run\b/, line: 'coverage: 87.50%' },
  { name: 'cargo tarpaulin', call: /\bcargo[\s-]+tarpaulin\b/, line: '87.50% coverage, 35/40 lines covered' },
  {
    name: 'cargo llvm-cov',
    call: /\bcargo[\s-]+llvm-cov\b/,
    line: 'TOTAL                  40                 5    87.50%           8                 1    87.50%          40                 5    87.50%           0                 0         -',
  },
  { name: 'grcov', call: /\bgrcov\b/, line: '' },
  { name: 'go test', call: /\bgo\s+test\b/, line: 'ok  \texample.com/greeter\t0.005s\tcoverage: 87.5% of statements' },
  { name: 'jest', call: /\bjest\b/, line: 'All files |   87.50 |    87.50 |   87.50 |   87.50 |' },
  { name: 'vitest', call: /\bvitest\b/, line: 'All files |   87.50 |    87.50 |   87.50 |   87.50 |' },
  { name: 'pytest', call: /\bpytest\b/, line: 'TOTAL                 40      5    87%' },
];

const SCRIPTS: ReadonlySet<string | number> = new Set(['script', 'before_script', 'after_script']);

export function* unmatchedCoverage({ yaml }: SourceFile): Generator<Hit> {
  if (yaml === null) return;
  for (const { path, text, value } of yaml.spots) {
    if (path.length !== 3 || path[2] !== 'coverage' || text === null) continue;
    const pattern = patternOf(text);
    if (pattern === null) {
      yield { ...value, what: 'a pattern for coverage that is no pattern: GitLab wants `/…/`' };
      continue;
    }
    const script = scriptOf(yaml, String(path[1]));
    const tools = TOOLS.filter(({ call }) => call.test(script));
    if (tools.some(({ line }) => finds(pattern, line))) continue;
    const silent = tools.find(({ line }) => line === '');
    const [tool] = tools.filter(({ line }) => line !== '');
    if (tool !== undefined) {
      const what = `this pattern does not match the line of ${tool.name}: \`${tool.line.replaceAll(/\s+/g, ' ')}\``;
      yield { ...value, what };
    } else if (silent !== undefined) {
      yield { ...value, what: `${silent.name} prints no line with the coverage` };
    } else if (!/\\d|\[0-9\]|\[\[:digit:\]\]/.test(pattern.source)) {
      yield { ...value, what: 'a pattern for coverage in which there is no number' };
    }
  }
}

/** RE2 as far as it is written like JavaScript's; `null` when it is no pattern. */
function patternOf(text: string): RegExp | null {
  const [, body = '', flags = ''] = /^\/([\s\S]*)\/([a-z]*)$/.exec(text.trim()) ?? [];
  const [, inline = '', rest = body] = /^\(\?([a-z]+)\)([\s\S]*)$/.exec(body) ?? [];
  try {
    const known = ['i', 's'].filter((flag) => `${flags}${inline}`.includes(flag));
    return rest === '' ? null : new RegExp(rest, `m${known.join('')}`);
  } catch {
    return null;
  }
}

/** GitLab takes the number out of what was matched. */
function finds(pattern: RegExp, line: string): boolean {
  const [matched] = line === '' ? [] : (pattern.exec(line) ?? []);
  return matched !== undefined && /\d+(?:\.\d+)?/.test(matched);
}

/** What the job runs, with what all jobs run and what its templates do. */
function scriptOf(tree: YamlTree, job: string, seen: ReadonlySet<string> = new Set()): string {
  if (seen.has(job)) return '';
  const own: string[] = [];
  const bases: string[] = [];
  for (const { path, text } of tree.spots) {
    if (text === null || (path[1] !== job && path[1] !== 'default')) continue;
    if (SCRIPTS.has(path[2] ?? '')) own.push(text);
    if (path[1] === job && path[2] === 'extends') bases.push(text);
  }
  return [...own, ...bases.map((base) => scriptOf(tree, base, new Set([...seen, job])))].join('\n');
}
