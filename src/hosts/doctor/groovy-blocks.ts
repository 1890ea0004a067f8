/**
 * As much of Groovy as a declarative Jenkinsfile needs to be looked at: where comments and strings are, and which block stands
 * in which. It forgives what it does not understand.
 */

export interface Block {
  /** `stage`, `steps`, `post`: the word before its brace. */
  readonly name: string;
  /** Of the name. */
  readonly at: number;
  /** Behind its closing brace; the end of the text where that is missing. */
  readonly end: number;
  readonly blocks: readonly Block[];
}

/** As long as the text; comments are blanks, line ends stay. */
export function blankGroovyComments(text: string): string {
  return blank(text, 'comments');
}

/** Without comments and without what stands in strings. */
export function blankGroovyStrings(text: string): string {
  return blank(text, 'both');
}

/** Comments, then strings of every kind: triple before single; a slashy string only where a value may stand. */
const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'''[\s\S]*?(?:'''|$)|"""[\s\S]*?(?:"""|$)|'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?|(?<=[(,=~]\s*)\/(?:\\.|[^/\\\n*])(?:\\.|[^/\\\n])*\//g;

function blank(text: string, what: 'comments' | 'both'): string {
  return text.replaceAll(TOKEN, (token) => {
    const comment = token.startsWith('//') || token.startsWith('/*');
    if (!comment && what === 'comments') return token;
    return token.replaceAll(/[^\n]/g, ' ');
  });
}

/** The blocks at the top, each with those in it: `name {`, `name(…) {`. */
export function groovyBlocks(text: string): readonly Block[] {
  const code = blankGroovyStrings(text);
  const root: Draft = { name: '', at: 0, end: code.length, blocks: [] };
  const open: Draft[] = [root];
  for (const { 0: brace, index } of code.matchAll(/[{}]/g)) {
    if (brace === '{') {
      const [header = '', name = ''] =
        /([\w.]+)\s*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)\s*)?$/.exec(code.slice(0, index)) ?? [];
      const block: Draft = { name, at: header === '' ? index : index - header.length, end: code.length, blocks: [] };
      open.at(-1)?.blocks.push(block);
      open.push(block);
    } else if (open.length > 1) {
      const closed = open.pop();
      if (closed !== undefined) closed.end = index + 1;
    }
  }
  return root.blocks;
}

interface Draft {
  readonly name: string;
  readonly at: number;
  end: number;
  readonly blocks: Draft[];
}

/** Every block with those that it stands in, the nearest first. */
export function* withParents(
  blocks: readonly Block[],
  parents: readonly Block[] = [],
): Generator<{ readonly block: Block; readonly parents: readonly Block[] }> {
  for (const block of blocks) {
    yield { block, parents };
    yield* withParents(block.blocks, [block, ...parents]);
  }
}
