/**
 * Values that others wrote (TOML, Cargo's JSON), read as far as we need them: what is absent or of another type reads as
 * nothing. No schema library: this is on the way of every run, also of one in which nothing changed.
 */

export interface Table {
  readonly [key: string]: unknown;
}

export function table(value: unknown): Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {};
}

export function tables(value: unknown): readonly Table[] {
  return Array.isArray(value) ? value.map(table) : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
