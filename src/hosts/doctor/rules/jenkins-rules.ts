/** The shape of a declarative Jenkinsfile. */

import { type Block, blankGroovyStrings, groovyBlocks, withParents } from '../groovy-blocks.ts';
import type { Hit } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';

const SYNTAX = 'https://www.jenkins.io/doc/book/pipeline/syntax/';

const DIRECTIVES =
  'agent|environment|input|matrix|options|parallel|parameters|post|stage|stages|steps|tools|triggers|when|axes|axis|excludes|' +
  'aborted|always|changed|cleanup|failure|fixed|regression|success|unstable|unsuccessful';

/** A stage has exactly one of them. */
const CONTENTS = ['steps', 'parallel', 'matrix', 'stages'];

export const JENKINS_RULES: readonly Rule[] = [
  {
    code: 'jenkins/one-line-directives',
    kinds: ['jenkins'],
    what: 'a directive behind another on one line',
    why: 'Groovy reads `steps {…} post {…}` as one call, `steps(…).post(…)`: what stands behind is lost without a word.',
    right: 'each directive on a line of its own',
    source: SYNTAX,
    *find({ text }) {
      const code = blankGroovyStrings(text);
      for (const match of code.matchAll(new RegExp(String.raw`(?<=\}[ \t]+)(?:${DIRECTIVES})(?=\s*[({])`, 'g')))
        yield { from: match.index, to: match.index + match[0].length };
    },
  },
  {
    code: 'jenkins/nested-parallel',
    kinds: ['jenkins'],
    what: '`parallel` or `matrix` inside of `parallel` or `matrix`',
    why: 'The declarative form does not allow it, and Jenkins refuses the file.',
    right: 'one `parallel` whose branches are sequential `stages`, or stages in layers one after the other',
    source: `${SYNTAX}#parallel`,
    *find(file) {
      for (const { block, parents } of blocksOf(file)) {
        const outer = parents.some(({ name }) => isFork(name));
        if (isFork(block.name) && outer && !parents.some(({ name }) => name === 'steps' || name === 'script'))
          yield nameOf(block);
      }
    },
  },
  {
    code: 'jenkins/agent-on-parallel',
    kinds: ['jenkins'],
    what: '`agent` or `tools` on a stage that only holds parallel ones',
    why: 'The declarative form does not allow it, and Jenkins refuses the file.',
    right: '`agent` in each stage inside of `parallel`',
    source: `${SYNTAX}#parallel`,
    *find(file) {
      const code = blankGroovyStrings(file.text);
      for (const { block } of blocksOf(file)) {
        if (block.name !== 'stage' || !block.blocks.some(({ name }) => name === 'parallel')) continue;
        yield* directivesIn(code, block, /\b(?:agent|tools)\b(?=\s*(?:any\b|none\b|\{))/g);
      }
    },
  },
  {
    code: 'jenkins/stage-contents',
    kinds: ['jenkins'],
    what: 'a stage with more than one of `steps`, `parallel`, `matrix` and `stages`',
    why: 'A stage has exactly one of them; Jenkins refuses the file.',
    right: 'a stage for each, in `stages`',
    source: `${SYNTAX}#sequential-stages`,
    *find(file) {
      for (const { block } of blocksOf(file)) {
        if (block.name !== 'stage') continue;
        const [, ...more] = block.blocks.filter(({ name }) => CONTENTS.includes(name));
        for (const second of more) yield nameOf(second);
      }
    },
  },
  {
    code: 'jenkins/input-holds-agent',
    kinds: ['jenkins'],
    what: 'a person is waited for while an executor is held',
    why: 'Nothing else runs on it, over a weekend too.',
    right:
      '`agent none` at the top, `input` as a directive of a stage of its own, and an `agent` in each stage that does something',
    source: `${SYNTAX}#input`,
    find: inputsOnAgents,
  },
  {
    code: 'jenkins/no-timeout',
    kinds: ['jenkins'],
    what: 'a pipeline without a timeout',
    why: 'A build that hangs holds its executor for ever.',
    right: "`options { timeout(time: 30, unit: 'MINUTES') }`, each on a line of its own",
    source: `${SYNTAX}#options`,
    *find(file) {
      if (/\btimeout\s*[({]/.test(blankGroovyStrings(file.text))) return;
      for (const { block, parents } of blocksOf(file))
        if (block.name === 'pipeline' && parents.length === 0) yield nameOf(block);
    },
  },
  {
    code: 'jenkins/script-injection',
    kinds: ['jenkins'],
    what: 'text that a stranger can choose becomes part of a script',
    why: 'In double quotes Groovy puts it into the script before the shell reads it: the name of a branch is then run.',
    right: 'single quotes, so that the shell reads its environment: `sh \'echo "$CHANGE_TITLE"\'`',
    source: 'https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#string-interpolation',
    *find({ code }) {
      for (const { 0: call, index } of code.matchAll(
        /\b(?:sh|bat|powershell|pwsh)\b[\s(]*(?:[^'"\n]*\bscript:\s*)?(?:"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*")/g,
      )) {
        const untrusted =
          /\$\{?(?:params\.|env\.(?:CHANGE_|BRANCH_NAME|GIT_BRANCH|TAG_NAME)|CHANGE_|BRANCH_NAME\b)\w*\}?/g;
        for (const match of call.matchAll(untrusted))
          yield { from: index + match.index, to: index + match.index + match[0].length };
      }
    },
  },
];

function blocksOf({ text }: SourceFile): ReturnType<typeof withParents> {
  return withParents(groovyBlocks(text));
}

function isFork(name: string): boolean {
  return name === 'parallel' || name === 'matrix';
}

function nameOf({ name, at }: Block): Hit {
  return { from: at, to: at + name.length };
}

/** Where the pattern stands in a block itself, not in the blocks in it. */
function* directivesIn(code: string, block: Block, pattern: RegExp): Generator<Hit> {
  for (const { 0: found, index } of code.slice(block.at, block.end).matchAll(pattern)) {
    const at = block.at + index;
    // `agent {` is a block itself, which begins where it is found.
    if (!block.blocks.some((inner) => at > inner.at && at < inner.end)) yield { from: at, to: at + found.length };
  }
}

/** As a directive below an agent of the whole pipeline, or as a step of a stage that has one. */
function* inputsOnAgents(file: SourceFile): Generator<Hit> {
  const code = blankGroovyStrings(file.text);
  const agentOf = (block: Block): boolean => {
    const [agent] = directivesIn(code, block, /\bagent\b(?=\s*(?:any\b|none\b|\{))/g);
    return agent !== undefined && !/^agent\s+none\b/.test(code.slice(agent.from, block.end));
  };
  for (const { block: pipeline, parents } of blocksOf(file)) {
    if (pipeline.name !== 'pipeline' || parents.length > 0) continue;
    for (const { 0: found, index } of code
      .slice(pipeline.at, pipeline.end)
      .matchAll(/\binput\b(?=\s*[({]|\s+(?:message\b|['"\s]{2}))/g)) {
      const at = pipeline.at + index;
      const around = [...withParents([pipeline])]
        .map(({ block }) => block)
        .filter((block) => at >= block.at && at < block.end);
      const isStep = around.some(({ name }) => name === 'steps' || name === 'script');
      const holders = isStep ? around.filter(({ name }) => name === 'stage' || name === 'pipeline') : [pipeline];
      // The nearest stage that says something about its agent decides.
      const says = (block: Block): boolean =>
        !directivesIn(code, block, /\bagent\b(?=\s*(?:any\b|none\b|\{))/g).next().done;
      const nearest = holders.findLast(says);
      if (nearest !== undefined && agentOf(nearest)) yield { from: at, to: at + found.length };
    }
  }
}
