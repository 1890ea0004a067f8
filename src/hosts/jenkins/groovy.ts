/** Values in Groovy. Only texts in single quotes are written: in them Groovy puts nothing in the place of `$`. */

import type { Call, NamedValues, Value } from './jenkins-document.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

export function writeText(text: string): string {
  const inner = text.replaceAll(/[\\'\p{Cc}]/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return ESCAPES[character] ?? `\\u${code}`;
  });
  return `'${inner}'`;
}

export function writeValue(value: Value): string {
  if (typeof value === 'string') return writeText(value);
  if (value === null || typeof value !== 'object') return String(value);
  switch (value.kind) {
    case 'call':
      return writeCall(value);
    case 'list':
      return `[${value.of.map((item) => writeValue(item)).join(', ')}]`;
    case 'map':
      return Object.keys(value.of).length === 0 ? '[:]' : `[${writeArguments(value.of)}]`;
    case 'reference':
      return value.name;
    case 'compare':
      return `${writeValue(value.left)} ${value.operator} ${writeValue(value.right)}`;
  }
}

export function writeCall({ name, args }: Call): string {
  return `${name}(${writeArguments(args)})`;
}

export function writeArguments(args: readonly Value[] | NamedValues): string {
  if (isList(args)) return args.map((value) => writeValue(value)).join(', ');
  return Object.entries(args)
    .map(([name, value]) => `${name}: ${writeValue(value)}`)
    .join(', ');
}

function isList(args: readonly Value[] | NamedValues): args is readonly Value[] {
  return Array.isArray(args);
}
