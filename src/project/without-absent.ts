/** Optional keys that were not written: absent, instead of present with nothing in them. */

type Present<Shape> = { [Key in keyof Shape]?: Exclude<Shape[Key], undefined> };

export function withoutAbsent<Shape extends object>(value: Shape): Present<Shape> {
  const present: Present<Shape> = {};
  for (const key in value) if (value[key] !== undefined) Object.assign(present, { [key]: value[key] });
  return present;
}
