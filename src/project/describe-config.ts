/** What `slipway config` prints: the file with every default filled in, and where each value comes from. */

import { findToolchain } from './found-toolchain.ts';
import { PROJECT_FILE, readProjectText } from './load-project.ts';
import type { Problem } from './problem.ts';
import type { Origin, Setting } from './settings.ts';
import type { Written } from './write-project.ts';

export interface DescribedConfig {
  /** Empty when anything is wrong. */
  readonly settings: readonly Setting[];
  /** The same as YAML that `slipway.yaml` could hold, each line with its origin; empty when anything is wrong. */
  readonly yaml: string;
  readonly problems: readonly Problem[];
}

/** @throws Fault `project/no-file` when the folder has no `slipway.yaml`. */
export async function describeConfig(folder: string): Promise<DescribedConfig> {
  const text = readProjectText(folder);
  const found = findToolchain(folder);
  const [{ parseProject }, { settingsOf }] = await Promise.all([import('./parse-project.ts'), import('./settings.ts')]);
  const { project, problems, source } = parseProject(text, PROJECT_FILE, found);
  if (project === null) return { settings: [], yaml: '', problems };
  const settings = settingsOf({ project, source, found });
  return { settings, yaml: settingsAsYaml(settings), problems };
}

/** Settings as commented YAML. What is not set, or comes from a preset, stands there as a comment. */
function settingsAsYaml(settings: readonly Setting[]): string {
  const lines: { readonly left: string; readonly right: string }[] = [];
  let open: readonly string[] = [];
  for (const { path, value, origin } of settings) {
    const parents = path.slice(0, -1);
    const shared = parents.findIndex((key, index) => key !== open[index]);
    for (let depth = shared < 0 ? parents.length : shared; depth < parents.length; depth += 1) {
      lines.push({ left: `${'  '.repeat(depth)}${writeKey(parents[depth] ?? '')}:`, right: '' });
    }
    open = parents;
    const isComment = value === null || isRuleNotWritten(path, origin);
    const text = `${writeKey(path.at(-1) ?? '')}: ${value === null ? '(none)' : writeFlow(value)}`.trimEnd();
    lines.push({ left: `${'  '.repeat(parents.length)}${isComment ? '# ' : ''}${text}`, right: originText(origin) });
  }
  const width = Math.min(64, Math.max(...lines.map(({ left }) => left.length)));
  return lines.map(({ left, right }) => (right === '' ? `${left}\n` : `${left.padEnd(width)}  # ${right}\n`)).join('');
}

/** `from` overrides the preset, so what the preset gives must not stand there as `from`. */
function isRuleNotWritten(path: readonly string[], origin: Origin): boolean {
  return path.length === 3 && path[2] === 'from' && origin.kind !== 'file';
}

function originText(origin: Origin): string {
  switch (origin.kind) {
    case 'file':
      return `line ${origin.line}`;
    case 'default':
      return 'default';
    case 'preset':
      return `preset ${origin.preset}`;
    case 'found':
      return `found in ${origin.file}`;
  }
}

/** One line of YAML in flow style. */
export function writeFlow(value: Written): string {
  if (typeof value === 'string') return writeText(value);
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => writeFlow(item)).join(', ')}]`;
  const members = Object.entries(value)
    // Within a line there is no place for a comment that says that there is none.
    .filter(([, inner]) => inner !== null)
    .map(([key, inner]) => `${writeKey(key)}: ${writeFlow(inner)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

function writeKey(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(key) && !isWord(key) ? key : JSON.stringify(key);
}

/** Quoted unless it can only be read as this text. */
function writeText(text: string): string {
  const isPlain = /^[A-Za-z0-9_./][A-Za-z0-9_./:%@*+-]*$/.test(text) && !text.endsWith(':');
  return isPlain && !isWord(text) && Number.isNaN(Number(text)) ? text : JSON.stringify(text);
}

function isWord(text: string): boolean {
  return /^(true|false|null|~|\.inf|\.nan|)$/i.test(text);
}
