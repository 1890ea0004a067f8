/**
 * The tree as a Jenkinsfile. Every directive stands on a line of its own: `steps {…} post {…}` on one line is
 * `steps(…).post(…)` to Groovy, which Jenkins takes without a word.
 */

import { writeArguments, writeCall, writeText, writeValue } from './groovy.ts';
import type { Call, Condition, Environment, Pipeline, Stage, Statement, When } from './jenkins-document.ts';

type Lines = readonly string[];

/** @param head The comment that the file begins with. */
export function emitJenkins(pipeline: Pipeline, head: string): string {
  const { options, parameters, environment, stages } = pipeline;
  const lines = block('pipeline', [
    'agent none',
    ...directives('options', options.map(writeOption)),
    ...directives('parameters', parameters.map(writeOption)),
    ...directives('environment', environmentLines(environment)),
    ...block('stages', stages.flatMap(stageLines)),
  ]);
  return [`// ${head}`, ...lines, ''].join('\n');
}

function block(head: string, inner: Lines): Lines {
  return [`${head} {`, ...inner.map((line) => (line === '' ? '' : `  ${line}`)), '}'];
}

/** An empty directive is an error to Jenkins. */
function directives(head: string, inner: Lines): Lines {
  return inner.length === 0 ? [] : block(head, inner);
}

function writeOption({ name, args }: Call): string {
  return `${name}(${writeArguments(args)})`;
}

function environmentLines(environment: Environment): Lines {
  return Object.entries(environment).map(([name, value]) => `${name} = ${writeValue(value)}`);
}

function stageLines(stage: Stage): Lines {
  const { name, agent, when, options, input, environment, body, post } = stage;
  return block(`stage(${writeText(name)})`, [
    ...(agent === undefined ? [] : agent.kind === 'any' ? ['agent any'] : agentLines(agent.label)),
    ...(when === undefined ? [] : whenLines(when)),
    ...directives('options', (options ?? []).map(writeOption)),
    ...(input === undefined
      ? []
      : block('input', [`message ${writeText(input.message)}`, `ok ${writeText(input.ok)}`])),
    ...directives('environment', environmentLines(environment ?? {})),
    ...(body.kind === 'steps'
      ? block('steps', statementLines(body.steps))
      : block(body.kind, body.stages.flatMap(stageLines))),
    ...directives(
      'post',
      Object.entries(post ?? {}).flatMap(([condition, steps]) => block(condition, statementLines(steps))),
    ),
  ]);
}

function agentLines(label: string): Lines {
  return block('agent', [`label ${writeText(label)}`]);
}

const BEFORE = { agent: 'beforeAgent', input: 'beforeInput', options: 'beforeOptions' } as const;

function whenLines({ before, condition }: When): Lines {
  return block('when', [...(before === null ? [] : [`${BEFORE[before]} true`]), ...conditionLines(condition)]);
}

function conditionLines(condition: Condition): Lines {
  switch (condition.kind) {
    case 'branch':
    case 'tag':
      return [`${condition.kind} ${writeArguments({ pattern: condition.pattern, comparator: condition.comparator })}`];
    case 'buildingTag':
    case 'changeRequest':
      return [`${condition.kind}()`];
    case 'expression':
      return block('expression', [writeValue(condition.test)]);
    case 'not':
      return block('not', conditionLines(condition.of));
    case 'allOf':
    case 'anyOf':
      return block(condition.kind, condition.of.flatMap(conditionLines));
  }
}

function statementLines(statements: readonly Statement[]): Lines {
  return statements.flatMap((statement) => {
    switch (statement.kind) {
      case 'call':
        return stepLines(statement);
      case 'define':
        return [`def ${statement.name} = ${writeCall(statement.value)}`];
      case 'if': {
        const { test, whenTrue, otherwise } = statement;
        const lines = block(`if (${writeValue(test)})`, statementLines(whenTrue));
        const [only] = otherwise;
        if (only === undefined) return lines;
        const rest = otherwise.length === 1 && only.kind === 'if' ? statementLines([only]) : null;
        const tail =
          rest === null ? block('else', statementLines(otherwise)) : [`else ${rest[0] ?? ''}`, ...rest.slice(1)];
        return [...lines.slice(0, -1), `} ${tail[0] ?? ''}`, ...tail.slice(1)];
      }
    }
  });
}

function stepLines(step: Call): Lines {
  if (step.block === undefined) {
    const args = writeArguments(step.args);
    return [args === '' ? `${step.name}()` : `${step.name} ${args}`];
  }
  const args = writeArguments(step.args);
  return block(args === '' ? step.name : `${step.name}(${args})`, statementLines(step.block));
}
