/**
 * A YAML file that is read as far as it can be: broken places are told as problems, and what stands around them is
 * still checked. Every key and value remembers where it stands.
 */

import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument } from 'yaml';
import { createPlaces, type Places, type Span } from './places.ts';
import type { Path, Problem, ProblemDraft } from './problem.ts';

export interface YamlSource {
  /** Plain maps, lists and scalars. */
  readonly value: unknown;
  /** Broken YAML and keys that are written twice. */
  readonly problems: readonly Problem[];
  /** Puts a problem where its path stands; where that is not written, at the nearest place around it. */
  place(draft: ProblemDraft): Problem;
  /** The line of a value, `null` when it is not written. */
  lineOf(path: Path): number | null;
  /** A scalar as it is written, `null` when there is none at that path. */
  writtenAt(path: Path): string | null;
  readonly places: Places;
}

interface Entry {
  readonly key: Span | null;
  readonly value: Span;
  readonly written: string | null;
}

const DEEPEST = 40;
const MOST_NODES = 20_000;

export function readYaml(text: string, file: string): YamlSource {
  const places = createPlaces(text, file);
  const document = parse(text);
  if (document === null) return unreadable(places);
  const entries = new Map<string, Entry>();
  const unclosed: Span[] = [];
  const problems: Problem[] = [];
  let nodes = 0;

  const spanOf = (node: Node | null | undefined, otherwise: Span): Span => {
    const range = node?.range;
    return range ? { from: range[0], to: Math.max(range[1], range[0] + 1) } : otherwise;
  };

  const duplicate = (name: string, key: Span, first: number): void => {
    const message = `the key \`${name}\` is written twice; first on line ${first}`;
    problems.push(places.problem({ code: 'config/duplicate-key', message, hint: 'Keep one of them.' }, key));
  };

  const readPairs = (pairs: readonly Pair[], path: Path, span: Span): unknown => {
    const seen = new Map<string, number>();
    const members: [string, unknown][] = [];
    for (const pair of pairs) {
      const keyNode = pair.key as Node | null;
      const key = spanOf(keyNode, span);
      const name = isScalar(keyNode) ? (keyNode.source ?? String(keyNode.value)) : text.slice(key.from, key.to);
      const first = seen.get(name);
      if (first !== undefined) {
        duplicate(name, key, first);
        continue;
      }
      seen.set(name, places.positionOf(key.from).line);
      const value = pair.value as Node | null;
      const inner = [...path, name];
      const after = { from: Math.max(key.to - 1, key.from), to: key.to };
      entries.set(keyOf(inner), { key, value: spanOf(value, after), written: null });
      members.push([name, read(value, inner, spanOf(value, after))]);
    }
    return Object.fromEntries(members);
  };

  const read = (node: Node | null, path: Path, span: Span): unknown => {
    nodes += 1;
    if (isUnclosed(node, text)) unclosed.push(spanOf(node, span));
    const known = entries.get(keyOf(path));
    entries.set(keyOf(path), { key: known?.key ?? null, value: span, written: writtenOf(node) });
    if (isAlias(node)) return readAlias(node.source, path, span);
    if (path.length > DEEPEST) return null;
    if (isMap(node)) return readPairs(node.items, path, span);
    if (isSeq(node)) {
      return node.items.map((item, index) => read(item as Node | null, [...path, index], spanOf(item as Node, span)));
    }
    return isScalar(node) ? scalarValue(node.value) : null;
  };

  const anchors = anchorsOf(document.contents);
  const readAlias = (name: string, path: Path, span: Span): unknown => {
    const target = anchors.get(name);
    // An anchor may hold itself, or blow up a small text: both end here, as one problem.
    if (target !== undefined && path.length < DEEPEST && nodes < MOST_NODES)
      return read(target, path, spanOf(target, span));
    const message = target === undefined ? `there is no anchor \`&${name}\`` : 'this alias repeats itself without end';
    problems.push(places.problem({ code: 'config/syntax', message, hint: 'Write the value out instead.' }, span));
    return null;
  };

  const value = read(document.contents, [], spanOf(document.contents, { from: 0, to: 1 }));
  problems.push(...syntaxProblems(document.errors, unclosed, places));

  const locate = (path: Path): { readonly entry: Entry; readonly exact: boolean } => {
    for (let length = path.length; length >= 0; length -= 1) {
      const entry = entries.get(keyOf(path.slice(0, length)));
      if (entry) return { entry, exact: length === path.length };
    }
    return { entry: { key: null, value: { from: 0, to: 1 }, written: null }, exact: false };
  };

  return {
    value,
    problems,
    places,
    place(draft) {
      const { entry, exact } = locate(draft.path);
      // What is missing is told at the key of the map that it is missing from.
      const span = draft.at === 'key' || !exact ? (entry.key ?? entry.value) : entry.value;
      return places.problem(draft, span);
    },
    lineOf(path) {
      const entry = entries.get(keyOf(path));
      return entry === undefined ? null : places.positionOf((entry.key ?? entry.value).from).line;
    },
    writtenAt: (path) => entries.get(keyOf(path))?.written ?? null,
  };
}

function parse(text: string): ReturnType<typeof parseDocument> | null {
  try {
    return parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  } catch (error) {
    // The parser recurses: a text of ten thousand brackets exhausts its stack.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function unreadable(places: Places): YamlSource {
  const draft = { code: 'config/syntax', message: 'the YAML is nested too deep', hint: 'Flatten it.' } as const;
  const start = { from: 0, to: 1 };
  return {
    value: null,
    problems: [places.problem(draft, start)],
    places,
    place: (other) => places.problem(other, start),
    lineOf: () => null,
    writtenAt: () => null,
  };
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}

function writtenOf(node: Node | null): string | null {
  return isScalar(node) ? (node.source ?? String(node.value)) : null;
}

function scalarValue(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

function anchorsOf(root: Node | null): ReadonlyMap<string, Node> {
  const anchors = new Map<string, Node>();
  const visit = (node: unknown): void => {
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return;
    if (node.anchor) anchors.set(node.anchor, node);
    if (isSeq(node)) node.items.forEach(visit);
    if (isMap(node)) node.items.forEach(({ value }) => visit(value));
  };
  visit(root);
  return anchors;
}

const UNCLOSED = /^Flow (map|sequence).* end with a|^Missing closing/;
const CLOSERS: Readonly<Record<string, string>> = { '[': ']', '{': '}', '"': '"', "'": "'" };

/** A bracket or quote without its counterpart. */
function isUnclosed(node: Node | null, text: string): boolean {
  if (!node?.range) return false;
  const closer = CLOSERS[text[node.range[0]] ?? ''];
  const isPlain = isScalar(node) && node.type !== 'QUOTE_DOUBLE' && node.type !== 'QUOTE_SINGLE';
  return closer !== undefined && !isPlain && (node.range[1] - node.range[0] < 2 || text[node.range[1] - 1] !== closer);
}

const SYNTAX_HINTS: Readonly<Record<string, string>> = {
  BAD_INDENT: 'Close the bracket, or line the keys up.',
  BLOCK_AS_IMPLICIT_KEY: 'A key and its map do not fit on one line: quote the text, or begin a new line.',
  MISSING_CHAR: 'Add what is missing.',
  MULTILINE_IMPLICIT_KEY: 'A colon is missing, or a quote is not closed.',
  TAB_AS_INDENT: 'Indent with spaces.',
  MULTIPLE_DOCS: 'Keep one document in the file.',
};

/** One problem per line: a broken place makes YAML complain several times. */
function syntaxProblems(
  errors: readonly { readonly code: string; readonly pos: readonly [number, number]; readonly message: string }[],
  unclosed: readonly Span[],
  places: Places,
): readonly Problem[] {
  const lines = new Set<number>();
  return errors.flatMap(({ code, pos, message }) => {
    // YAML sees where something was not closed only when it is too late: the place to repair is where it was opened.
    const opened = UNCLOSED.test(message) ? unclosed.findLast(({ from }) => from < pos[0]) : undefined;
    const plain = message.replace(/\.$/, '').replace(/^./, (first) => first.toLowerCase());
    const problem = places.problem(
      {
        code: 'config/syntax',
        message: opened === undefined ? plain : 'what is opened here is not closed',
        hint: SYNTAX_HINTS[code] ?? 'Repair the YAML here.',
      },
      opened ?? { from: pos[0], to: pos[1] },
    );
    if (lines.has(problem.line)) return [];
    lines.add(problem.line);
    return [problem];
  });
}
