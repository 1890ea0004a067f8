/** What `WWW-Authenticate` asks for (RFC 9110 section 11.6.1; RFC 6750 section 3). */

export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const SCHEME = new RegExp(`\\s*(${TOKEN})(?: +|(?=\\s*(?:,|$)))(?!\\s*=)`, 'y');
const PARAMETER = new RegExp(`\\s*(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))\\s*`, 'y');
const MOST = 8192;

/** All challenges of the header, as far as they can be read; what follows the first offence is left out. */
export function parseChallenges(header: string | null): readonly Challenge[] {
  const text = (header ?? '').slice(0, MOST);
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    const parameter = match(PARAMETER);
    const current = challenges.at(-1);
    if (parameter !== null) {
      const [, name = '', quoted, bare] = parameter;
      if (current === undefined) return challenges;
      current.parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '');
    } else {
      const scheme = match(SCHEME);
      if (scheme === null) return challenges;
      challenges.push({ scheme: scheme[1]?.toLowerCase() ?? '', parameters: new Map() });
    }
    // A comma parts parameters as well as challenges.
    while (text[at] === ',' || text[at] === ' ') at += 1;
    if (at >= text.length) return challenges;
  }
}
