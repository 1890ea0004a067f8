/** Patterns of the project file for hosts that have regular expressions. */

const SPECIAL = /[.*+?^${}()|[\]\\]/g;

/** Without anchors. `*` stands for any text, slashes too; everything else for itself, and a slash is not escaped. */
export function globExpression(pattern: string): string {
  return pattern
    .split('*')
    .map((text) => text.replaceAll(SPECIAL, '\\$&'))
    .join('.*');
}
