/**
 * The rules of the declarative grammar that Groovy knows nothing of, read from the text of a file: Jenkins has no checker
 * that runs without a Jenkins. Source: the validator of pipeline-model-definition-plugin, and facts/ci.md section 3.3.
 */

import { callsOf, type GroovyCall, type GroovyStatement, readGroovy } from './groovy-reader.ts';

const TOP = ['agent', 'options', 'parameters', 'environment', 'stages', 'post'];
const STAGE = ['agent', 'when', 'options', 'input', 'environment', 'steps', 'stages', 'parallel', 'post', 'failFast'];
const STAGE_OPTIONS = ['timeout', 'retry', 'lock', 'timestamps', 'skipDefaultCheckout'];
const TOP_OPTIONS = [
  ...STAGE_OPTIONS,
  'disableConcurrentBuilds',
  'buildDiscarder',
  'skipStagesAfterUnstable',
  'parallelsAlwaysFailFast',
];
const PARAMETERS = ['string', 'choice', 'booleanParam'];
const CONDITIONS = ['branch', 'tag', 'buildingTag', 'changeRequest', 'expression', 'allOf', 'anyOf', 'not'];
const BEFORE = ['beforeAgent', 'beforeInput', 'beforeOptions'];
const POST = ['always', 'success', 'failure', 'unstable', 'cleanup'];

/** One sentence for each offence. */
export function jenkinsOffences(text: string): readonly string[] {
  let file: readonly GroovyStatement[];
  try {
    file = readGroovy(text);
  } catch (error) {
    return [String(error)];
  }
  const offences: string[] = [];
  const say = ({ line }: GroovyCall, what: string): void => void offences.push(`line ${line}: ${what}`);
  const [pipeline, ...more] = callsOf(file);
  if (pipeline?.name !== 'pipeline' || pipeline.block === null || more.length > 0 || file.length > 1) {
    return ['there must be one pipeline and nothing else'];
  }
  sections(pipeline, TOP, say);
  for (const needed of ['agent', 'stages']) {
    if (callsOf(pipeline.block, needed).length === 0) say(pipeline, `the pipeline has no ${needed}`);
  }
  named(pipeline, 'options', TOP_OPTIONS, say);
  named(pipeline, 'parameters', PARAMETERS, say);
  environment(pipeline, say);
  for (const stages of callsOf(pipeline.block, 'stages')) siblings(stages, { say, inParallel: false });
  return offences;
}

type Say = (at: GroovyCall, what: string) => void;
interface Place {
  readonly say: Say;
  readonly inParallel: boolean;
}

/** Only known sections, each once, none of them empty. */
function sections(owner: GroovyCall, known: readonly string[], say: Say): void {
  const seen = new Set<string>();
  for (const statement of owner.block ?? []) {
    if (statement.kind !== 'call') say(owner, `${owner.name} holds something else than sections`);
    else {
      const { call } = statement;
      if (!known.includes(call.name)) say(call, `${owner.name} has no section ${call.name}`);
      if (seen.has(call.name)) say(call, `${call.name} stands twice`);
      if (call.block?.length === 0) say(call, `${call.name} is empty`);
      seen.add(call.name);
    }
  }
}

function named(owner: GroovyCall, section: string, known: readonly string[], say: Say): void {
  for (const { block } of callsOf(owner.block ?? [], section)) {
    for (const call of callsOf(block ?? [])) {
      if (!known.includes(call.name)) say(call, `${section} knows no ${call.name}`);
    }
  }
}

function environment(owner: GroovyCall, say: Say): void {
  for (const section of callsOf(owner.block ?? [], 'environment')) {
    for (const statement of section.block ?? []) {
      const isValue = statement.kind === 'assign' && ['text', 'call'].includes(statement.value.kind);
      if (!isValue || !/^[A-Za-z_]\w*$/.test(statement.name))
        say(section, 'an environment holds texts and credentials');
    }
  }
}

function siblings(owner: GroovyCall, place: Place): void {
  const { say } = place;
  const names = new Set<string>();
  for (const statement of owner.block ?? []) {
    if (statement.kind !== 'call' || statement.call.name !== 'stage')
      say(owner, `${owner.name} holds something else than stages`);
    else {
      const [name] = statement.call.args;
      if (name?.kind !== 'text' || name.text === '') say(statement.call, 'a stage without a name');
      else if (names.has(name.text)) say(statement.call, `two stages are called ${name.text}`);
      else names.add(name.text);
      stage(statement.call, place);
    }
  }
}

function stage(call: GroovyCall, { say, inParallel }: Place): void {
  const block = call.block ?? [];
  sections(call, STAGE, say);
  const bodies = callsOf(block).filter(({ name }) => ['steps', 'stages', 'parallel'].includes(name));
  if (bodies.length !== 1) say(call, 'a stage has one of steps, stages and parallel');
  named(call, 'options', STAGE_OPTIONS, say);
  environment(call, say);
  const has = (name: string): boolean => callsOf(block, name).length > 0;
  if (has('input') && has('agent')) say(call, 'an agent is held while a person is asked');
  for (const when of callsOf(block, 'when')) conditions(when, say, true);
  for (const post of callsOf(block, 'post')) {
    for (const condition of callsOf(post.block ?? [])) {
      if (!POST.includes(condition.name)) say(condition, `post knows no ${condition.name}`);
    }
  }
  const [body] = bodies;
  if (body?.name === 'steps' || body === undefined) return;
  if (body.name === 'parallel' && inParallel) say(body, 'parallel inside of parallel');
  if (body.name === 'parallel' && has('agent')) say(call, 'a stage with parallel has no agent');
  siblings(body, { say, inParallel: inParallel || body.name === 'parallel' });
}

function conditions(owner: GroovyCall, say: Say, top: boolean): void {
  const calls = callsOf(owner.block ?? []);
  const real = calls.filter(({ name }) => !top || !BEFORE.includes(name));
  if (real.length === 0) say(owner, `${owner.name} has no condition`);
  if (owner.name === 'not' && real.length !== 1) say(owner, 'not has one condition');
  for (const call of real) {
    if (!CONDITIONS.includes(call.name)) say(call, `when knows no ${call.name}`);
    if (['allOf', 'anyOf', 'not'].includes(call.name)) conditions(call, say, false);
  }
}
