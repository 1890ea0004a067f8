/** Patterns of branch and tag names: `*` stands for any text, slashes and nothing included, as in `git branch --list`. */

export function matchesGlob(pattern: string, name: string): boolean {
  return globsOverlap(pattern, name, false);
}

/** Whether some name is matched by both. */
export function globsOverlap(one: string, other: string, bothPatterns = true): boolean {
  const columns = other.length + 1;
  const seen = new Map<number, boolean>();
  // Walks both at once; a star may take up whatever the other side has there.
  const overlap = (i: number, j: number): boolean => {
    const key = i * columns + j;
    const known = seen.get(key);
    if (known !== undefined) return known;
    const left = one[i];
    const right = other[j];
    const rightIsStar = bothPatterns && right === '*';
    let result: boolean;
    if (left === undefined && right === undefined) result = true;
    else if (left === '*') result = overlap(i + 1, j) || (right !== undefined && overlap(i, j + 1));
    else if (rightIsStar) result = overlap(i, j + 1) || (left !== undefined && overlap(i + 1, j));
    else result = left !== undefined && left === right && overlap(i + 1, j + 1);
    seen.set(key, result);
    return result;
  };
  return overlap(0, 0);
}
