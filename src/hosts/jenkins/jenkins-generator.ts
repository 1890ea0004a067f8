/** Jenkins: the graph as a declarative `Jenkinsfile` of a multibranch job. */

import { GENERATED, type HostGenerator } from '../host-generator.ts';
import type { Job, JobGraph } from '../job-graph.ts';
import { gatedEvents, isSameWhen } from '../gates.ts';
import { emitJenkins } from './emit-jenkins.ts';
import { call, type Call, type Pipeline, reference, type Stage } from './jenkins-document.ts';
import { jenkinsNotes } from './jenkins-notes.ts';
import { jobStage, PATIENCE } from './job-stage.ts';
import { type Layer, layersOf } from './layers.ts';
import { AS_PUSHED, ASKED_JOB, conditionOf } from './when.ts';

export const jenkinsGenerator: HostGenerator = {
  file: 'Jenkinsfile',
  generate(graph) {
    const layers = layersOf(graph.jobs);
    return { text: emitJenkins(jenkinsPipeline(graph, layers), GENERATED), notes: jenkinsNotes(graph, layers) };
  },
};

function jenkinsPipeline(graph: JobGraph, layers: readonly Layer[]): Pipeline {
  return {
    options: optionsOf(graph),
    parameters: parametersOf(graph),
    environment: {},
    stages: stagesOf(layers, graph),
  };
}

function optionsOf({ jobs }: JobGraph): readonly Call[] {
  const waiting = jobs.filter((job) => gatedEvents(job) !== 'none').length * PATIENCE * 24;
  const working = jobs.reduce((sum, { timeout }) => sum + timeout.minutes, 0) / 60;
  return [
    // Agents are waited for as well.
    call('timeout', { time: Math.ceil(2 * working) + waiting, unit: 'HOURS' }),
    // A newer state of a pull request makes the older one pointless; a deployment is never cut off.
    call('disableConcurrentBuilds', {
      abortPrevious: { kind: 'compare', operator: '!=', left: reference('env.CHANGE_ID'), right: null },
    }),
    call('buildDiscarder', [call('logRotator', { numToKeepStr: '50' })]),
    call('timestamps'),
    call('skipDefaultCheckout'),
    call('skipStagesAfterUnstable'),
  ];
}

function parametersOf({ jobs }: JobGraph): readonly Call[] {
  const asked = jobs.flatMap(({ when }) => when.ways.flatMap((way) => (way.event === 'manual' ? [way.job] : [])));
  const inputs = new Map(jobs.flatMap(({ input }) => (input === null ? [] : [[input.variable, input.title] as const])));
  return [
    ...(asked.length === 0
      ? []
      : [
          call('choice', {
            name: ASKED_JOB,
            choices: { kind: 'list', of: [AS_PUSHED, ...new Set(asked)] },
            description: 'What to run.',
          }),
        ]),
    ...[...inputs].map(([name, title]) => call('string', { name, defaultValue: '', description: `${title}.` })),
  ];
}

/** Layers that run on the same events go into one stage, which says once when that is. */
function stagesOf(layers: readonly Layer[], graph: JobGraph): readonly Stage[] {
  const first = layers[0]?.[0]?.[0];
  if (first === undefined) return [];
  const count = layers.findIndex((layer) => layer.flat().some((job) => !isAsOftenAs(job, first)));
  const shared = layers.slice(0, count < 0 ? layers.length : count);
  const rest = layers.slice(shared.length).map((layer) => layerStage(layer, graph, false));
  if (shared.flat(2).length < 2) return layers.map((layer) => layerStage(layer, graph, false));
  const stages = shared.map((layer) => layerStage(layer, graph, true));
  const when = { before: null, condition: conditionOf(first.when, graph) } as const;
  return [{ name: 'run', when, body: { kind: 'stages', stages } }, ...rest];
}

function isAsOftenAs(job: Job, other: Job): boolean {
  return gatedEvents(job) === 'none' && isSameWhen(job.when, other.when);
}

function layerStage(layer: Layer, graph: JobGraph, always: boolean): Stage {
  const branches = layer.map((chain): Stage => {
    const stages = chain.map((job) => jobStage(job, graph, always));
    const [only] = stages;
    if (stages.length === 1 && only !== undefined) return only;
    return { name: chain.map(({ id }) => id).join(', then '), body: { kind: 'stages', stages } };
  });
  const [only] = branches;
  if (branches.length === 1 && only !== undefined) return only;
  const name = layer.flat().map(({ id }) => id);
  return { name: name.join(', '), body: { kind: 'parallel', stages: branches } };
}
