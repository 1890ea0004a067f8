/** Selectors of series: `release=v2,code=5*` names labels and the values that they must have. */

import { Fault } from '../../kernel/fault.ts';

export type Labels = Readonly<Record<string, string>>;
export type Selector = (labels: Labels) => boolean;

/**
 * All of the named labels must match; `*` in a value stands for any text. A label that a series lacks matches nothing.
 *
 * @throws Fault `cli/not-a-selector`.
 */
export function parseSelector(text: string): Selector {
  const wanted = text.split(',').map((part) => {
    const [, name, value] = /^\s*([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*"?([^"]*?)"?\s*$/.exec(part) ?? [];
    if (name === undefined || value === undefined) throw notSelector(text);
    return { name, pattern: new RegExp(`^${value.split('*').map(literally).join('.*')}$`, 's') };
  });
  return (labels) => wanted.every(({ name, pattern }) => pattern.test(labels[name] ?? '\0'));
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function notSelector(text: string): Fault<'cli/not-a-selector'> {
  return new Fault({
    code: 'cli/not-a-selector',
    kind: 'usage',
    message: `${JSON.stringify(text)} selects nothing: it is no list of LABEL=VALUE.`,
    hint: 'Write for instance "release=v2,code=5*".',
  });
}
