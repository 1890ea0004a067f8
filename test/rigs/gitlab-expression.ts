/** The value of a `rules:if`. Source: docs.gitlab.com/ci/jobs/job_rules, "CI/CD variable expressions". */

export type Variables = Readonly<Record<string, string>>;

const TOKEN =
  /\s*(?:(\$\w+)|"([^"]*)"|'([^']*)'|\/((?:[^/\\\n]|\\.)+)\/([ismU]*)|(==|!=|=~|!~|&&|\|\||\(|\))|(null)\b)/y;

type Token =
  | { readonly kind: 'variable' | 'text'; readonly text: string }
  | { readonly kind: 'pattern'; readonly pattern: RegExp }
  | { readonly kind: 'operator'; readonly text: string }
  | { readonly kind: 'null' };

export function evaluateRule(expression: string, variables: Variables): boolean {
  const tokens = tokensOf(expression);
  let position = 0;
  const take = (): Token => {
    const token = tokens[position++];
    if (token === undefined) throw new Error(`${expression} ends too early`);
    return token;
  };
  const isNext = (text: string): boolean => {
    const token = tokens[position];
    return token?.kind === 'operator' && token.text === text;
  };
  const valueOf = (token: Token): string | null => {
    if (token.kind === 'variable') return variables[token.text] ?? null;
    if (token.kind === 'text') return token.text;
    if (token.kind === 'null') return null;
    throw new Error(`no value at ${position} of ${expression}`);
  };
  const comparison = (): boolean => {
    if (isNext('(')) {
      take();
      const inner = either();
      if (!isNext(')')) throw new Error(`no ) at ${position} of ${expression}`);
      take();
      return inner;
    }
    const left = valueOf(take());
    if (isNext('==') || isNext('!=')) {
      const wanted = isNext('==');
      take();
      return (left === valueOf(take())) === wanted;
    }
    if (isNext('=~') || isNext('!~')) {
      const wanted = isNext('=~');
      take();
      const right = take();
      if (right.kind !== 'pattern') throw new Error(`no pattern at ${position} of ${expression}`);
      return (left !== null && right.pattern.test(left)) === wanted;
    }
    // A variable alone: there and not empty.
    return left !== null && left !== '';
  };
  const both = (): boolean => {
    let value = comparison();
    while (isNext('&&')) {
      take();
      value = comparison() && value;
    }
    return value;
  };
  const either = (): boolean => {
    let value = both();
    while (isNext('||')) {
      take();
      value = both() || value;
    }
    return value;
  };
  const value = either();
  if (position < tokens.length) throw new Error(`${expression} has something behind its end`);
  return value;
}

function tokensOf(expression: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (expression.slice(TOKEN.lastIndex).trim() !== '') {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(expression);
    if (match === null) throw new Error(`cannot read ${expression} at ${from}`);
    const [, variable, double, single, pattern, flags = '', operator] = match;
    const text = double ?? single;
    if (variable !== undefined) tokens.push({ kind: 'variable', text: variable.slice(1) });
    else if (text !== undefined) tokens.push({ kind: 'text', text });
    else if (pattern !== undefined)
      tokens.push({ kind: 'pattern', pattern: new RegExp(pattern, flags.replace('U', '')) });
    else if (operator !== undefined) tokens.push({ kind: 'operator', text: operator });
    else tokens.push({ kind: 'null' });
  }
  return tokens;
}
