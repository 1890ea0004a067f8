/**
 * Reads as much of Groovy as our Jenkinsfiles are written in: calls with and without parentheses, blocks, texts in single
 * quotes, lists, maps, `def`, `if`. Anything else is an error.
 */

export type GroovyValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'plain'; readonly value: number | boolean | null }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly of: readonly GroovyValue[] }
  | { readonly kind: 'named'; readonly of: ReadonlyMap<string, GroovyValue> }
  | { readonly kind: 'call'; readonly call: GroovyCall }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: GroovyValue; readonly right: GroovyValue };

export interface GroovyCall {
  readonly name: string;
  /** Named arguments are one value of the kind `named`. */
  readonly args: readonly GroovyValue[];
  readonly block: readonly GroovyStatement[] | null;
  /** From 1. */
  readonly line: number;
}

export type GroovyStatement =
  | { readonly kind: 'call'; readonly call: GroovyCall }
  | { readonly kind: 'assign'; readonly name: string; readonly value: GroovyValue }
  | { readonly kind: 'value'; readonly value: GroovyValue }
  | {
      readonly kind: 'if';
      readonly test: GroovyValue;
      readonly whenTrue: readonly GroovyStatement[];
      readonly otherwise: readonly GroovyStatement[];
    };

interface Token {
  readonly kind: 'name' | 'text' | 'number' | 'sign' | 'end of line';
  readonly text: string;
  readonly line: number;
}

const TOKEN = /[ \t]*(?:(\/\/[^\n]*)|(\n)|'((?:[^'\\\n]|\\.)*)'|(\d+)|([A-Za-z_][\w.]*)|(==|!=|[{}()[\],:=+]))/y;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 1;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`line ${line} is no Groovy that this reads`);
    const [, comment, newline, quoted, number, name, sign] = match;
    if (newline !== undefined) tokens.push({ kind: 'end of line', text: '', line: line++ });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: unescape(quoted), line });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, line });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name, line });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, line });
    else if (comment === undefined) throw new Error(`line ${line} is no Groovy that this reads`);
  }
  return tokens;
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'" };

function unescape(quoted: string): string {
  return quoted.replaceAll(/\\(?:u([0-9a-f]{4})|(.))/g, (_, code: string | undefined, letter: string) => {
    const text = code === undefined ? ESCAPED[letter] : String.fromCharCode(Number.parseInt(code, 16));
    if (text === undefined) throw new Error(`\\${letter} is no escape`);
    return text;
  });
}

export function readGroovy(text: string): readonly GroovyStatement[] {
  const tokens = tokensOf(text);
  let position = 0;
  const peek = (ahead = 0): Token => tokens[position + ahead] ?? { kind: 'end of line', text: '', line: 0 };
  const isSign = (text: string, ahead = 0): boolean => peek(ahead).kind === 'sign' && peek(ahead).text === text;
  const fail = (wanted: string): never => {
    throw new Error(`line ${peek().line}: ${wanted} expected, found ${JSON.stringify(peek().text)}`);
  };
  const take = (sign: string): void => {
    if (!isSign(sign)) fail(sign);
    position++;
  };
  const skipLines = (): void => {
    while (position < tokens.length && peek().kind === 'end of line') position++;
  };

  function statements(): readonly GroovyStatement[] {
    const found: GroovyStatement[] = [];
    for (skipLines(); position < tokens.length && !isSign('}'); skipLines()) {
      found.push(statement());
      if (peek().kind !== 'end of line' && !isSign('}')) fail('an end of line');
    }
    return found;
  }

  function block(): readonly GroovyStatement[] {
    take('{');
    const inner = statements();
    take('}');
    return inner;
  }

  function statement(): GroovyStatement {
    if (peek().kind !== 'name') return { kind: 'value', value: value() };
    if (peek().text === 'if') return condition();
    if (peek().text === 'def') {
      position++;
      if (peek().kind !== 'name' || !isSign('=', 1)) fail('a definition');
    }
    if (isSign('=', 1)) {
      const name = peek().text;
      position += 2;
      return { kind: 'assign', name, value: value() };
    }
    const next = peek(1);
    const isCall =
      next.kind === 'end of line' || next.kind === 'text' || next.kind === 'number' || next.kind === 'name';
    if ((isCall && next.text !== 'in') || isSign('(', 1) || isSign('{', 1)) return { kind: 'call', call: step() };
    return { kind: 'value', value: value() };
  }

  function condition(): GroovyStatement {
    position++;
    take('(');
    const test = value();
    take(')');
    const whenTrue = block();
    if (peek().text !== 'else') return { kind: 'if', test, whenTrue, otherwise: [] };
    position++;
    return { kind: 'if', test, whenTrue, otherwise: peek().text === 'if' ? [condition()] : block() };
  }

  /** `name a, b`, `name(a, b)`, `name(a) {…}`, `name {…}`, `name`. */
  function step(): GroovyCall {
    const { text: name, line } = peek();
    position++;
    let args: readonly GroovyValue[] = [];
    if (isSign('(')) {
      position++;
      args = values(')');
      take(')');
    } else if (!isSign('{') && peek().kind !== 'end of line') args = values('');
    return { name, args, block: isSign('{') ? block() : null, line };
  }

  /** `close`: the sign that ends them; empty: the end of the line. */
  function values(close: string): readonly GroovyValue[] {
    if (close !== '' && isSign(close)) return [];
    if (peek().kind === 'name' && isSign(':', 1)) {
      const named = new Map<string, GroovyValue>();
      do {
        if (isSign(',')) position++;
        const name = peek().text;
        position++;
        take(':');
        named.set(name, value());
      } while (isSign(','));
      return [{ kind: 'named', of: named }];
    }
    const found = [value()];
    while (isSign(',')) {
      position++;
      found.push(value());
    }
    return found;
  }

  function value(): GroovyValue {
    const left = operand();
    const operator = peek().text;
    const isOperator = isSign('==') || isSign('!=') || isSign('+') || (peek().kind === 'name' && operator === 'in');
    if (!isOperator) return left;
    position++;
    return { kind: 'binary', operator, left, right: operand() };
  }

  function operand(): GroovyValue {
    const { kind, text } = peek();
    if (kind === 'sign' && text === '[') {
      position++;
      if (isSign(':')) {
        position++;
        take(']');
        return { kind: 'named', of: new Map() };
      }
      const inner = values(']');
      take(']');
      const [only] = inner;
      return inner.length === 1 && only?.kind === 'named' ? only : { kind: 'list', of: inner };
    }
    if (kind === 'name' && isSign('(', 1)) return { kind: 'call', call: step() };
    position++;
    if (kind === 'text') return { kind, text };
    if (kind === 'number') return { kind: 'plain', value: Number(text) };
    if (kind !== 'name') {
      position--;
      return fail('a value');
    }
    const plain = new Map<string, boolean | null>([
      ['true', true],
      ['false', false],
      ['null', null],
    ]).get(text);
    return plain === undefined ? { kind: 'name', name: text } : { kind: 'plain', value: plain };
  }

  const all = statements();
  if (position < tokens.length) fail('the end');
  return all;
}

/** The block of the only call of this name; `null`: there is none. */
export function blockOf(block: readonly GroovyStatement[], name: string): readonly GroovyStatement[] | null {
  return callsOf(block, name)[0]?.block ?? null;
}

/** The calls in a block, those of one name or all. */
export function callsOf(block: readonly GroovyStatement[], name?: string): readonly GroovyCall[] {
  return block.flatMap((statement) =>
    statement.kind === 'call' && (name === undefined || statement.call.name === name) ? [statement.call] : [],
  );
}

export function textOf(value: GroovyValue | undefined): string {
  if (value?.kind !== 'text') throw new Error(`no text: ${value?.kind ?? 'nothing'}`);
  return value.text;
}

/** A named argument of a call. */
export function argumentOf({ args }: GroovyCall, name: string): GroovyValue | undefined {
  const [first] = args;
  return first?.kind === 'named' ? first.of.get(name) : undefined;
}
