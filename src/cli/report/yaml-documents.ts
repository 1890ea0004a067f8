/** Objects of a cluster as YAML that `kubectl apply -f -` takes. */

import { stringify } from 'yaml';

/** One document each, the first below these lines of comment. */
export function documents(objects: readonly object[], comment: readonly string[]): string {
  const head = comment.map((line) => `# ${line.replaceAll(/[\r\n]+/g, ' ')}\n`).join('');
  const bodies = objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }));
  return `${head}---\n${bodies.join('---\n')}`.trimEnd();
}
