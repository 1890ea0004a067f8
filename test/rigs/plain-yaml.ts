/** Looks at parsed YAML without believing anything of it. */

export type Mapping = Readonly<Record<string, unknown>>;

export function asMap(value: unknown): Mapping {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`no mapping: ${show(value)}`);
  return Object.fromEntries(Object.entries(value));
}

export function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`no list: ${show(value)}`);
  return value;
}

export function asText(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`no text: ${show(value)}`);
  return value;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
