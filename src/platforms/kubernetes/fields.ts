/** Fields of objects as the API server gives them: plain JSON of which nothing may be taken for granted. */

/** The value at a path of names; `undefined` where there is none. */
export function fieldOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (from, name) =>
      typeof from === 'object' && from !== null ? Object.getOwnPropertyDescriptor(from, name)?.value : undefined,
    value,
  );
}

export function textOf(value: unknown, ...path: readonly string[]): string {
  const found = fieldOf(value, ...path);
  return typeof found === 'string' ? found : '';
}

export function numberOf(value: unknown, ...path: readonly string[]): number {
  const found = fieldOf(value, ...path);
  return typeof found === 'number' ? found : 0;
}

export function listOf(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = fieldOf(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** Of the list `status.conditions`, or of another one. */
export function conditionOf(conditions: readonly unknown[], type: string): unknown {
  return conditions.find((condition) => textOf(condition, 'type') === type);
}
