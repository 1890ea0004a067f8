/** A project back in the words and units of the file: what `slipway config` shows. */

import type { CanaryPlan, Count, GatesPlan, JudgeSettings, Step, Strategy } from '../delivery/index.ts';
import type { Notification, PlatformSettings, Project, ProjectEnvironment } from './project.ts';
import type { SecretReference } from '../kernel/secret.ts';
import { writeDuration, writeFactor, writeRate, writeShare, writeSize } from './write-quantity.ts';

/** `null`: there is no value, and none is the default. */
export type Written = null | boolean | number | string | readonly Written[] | { readonly [key: string]: Written };

export function writeProject(project: Project): { readonly [key: string]: Written } {
  const { build, checks, tests, image } = project;
  return {
    service: project.service,
    build: { ...build, maxSize: build.maxSize === null ? null : writeSize(build.maxSize) },
    checks: {
      format: checks.format,
      lint: checks.lint,
      coverage: checks.coverage === null ? null : writeShare(checks.coverage),
      audit:
        checks.audit === null ? null : { ...checks.audit, ignore: checks.audit.ignore.map((entry) => ({ ...entry })) },
      capabilities: checks.capabilities === null ? null : { ...checks.capabilities },
    },
    tests: {
      unit: tests.unit,
      integration: tests.integration,
      bench: tests.bench,
      e2e: tests.e2e === null ? null : { [tests.e2e.kind]: tests.e2e.what },
    },
    image: { repository: image.repository, platforms: image.platforms, sign: writeSigning(image.sign) },
    branches: project.branches,
    environments: Object.fromEntries(
      project.environments.map((environment) => [environment.name, writeEnvironment(environment)]),
    ),
    notify: project.notify.map(writeNotification),
    ci: {
      install: project.ci.install,
      github: { ...project.ci.github },
      gitlab: { ...project.ci.gitlab },
      jenkins: Object.values(project.ci.jenkins).every((label) => label === null) ? null : { ...project.ci.jenkins },
    },
  };
}

function writeReference({ from, name }: SecretReference): string {
  return `${from}:${name}`;
}

function writeSigning(sign: Project['image']['sign']): Written {
  if (sign === null) return null;
  return sign.kind === 'key' ? { key: writeReference(sign.key) } : { keyless: true };
}

function writeNotification({ kind, channel, when }: Notification): Written {
  const target = 'to' in channel ? { to: channel.to, smtp: writeReference(channel.smtp) } : writeReference(channel);
  return { [kind]: target, when };
}

function writeEnvironment(environment: ProjectEnvironment): Written {
  const { spec, ttl, from } = environment;
  const { approval, gates } = spec;
  const secrets = Object.entries(environment.secrets).map(
    ([name, reference]) => [name, writeReference(reference)] as const,
  );
  return {
    from: from.map(({ pattern }) => pattern),
    needs: environment.needs,
    ttl: ttl === null ? null : writeDuration(ttl),
    platform: writePlatform(environment.platform),
    approval:
      approval.by.length === 0 && approval.expires === null
        ? approval.count
        : { ...approval, expires: approval.expires === null ? null : writeDuration(approval.expires) },
    replicas: spec.replicas,
    config: environment.config,
    secrets: Object.fromEntries(secrets),
    affinity: spec.affinity.kind === 'none' ? 'none' : { [spec.affinity.kind]: spec.affinity.name },
    metrics: environment.metrics === null ? null : { prometheus: { ...environment.metrics.prometheus } },
    strategy: writeStrategy(spec.strategy),
    gates: writeGates(gates),
    guard: writeDuration(spec.guard),
    keep: spec.keep,
    limits: { memory: writeSize(spec.limits.memory), request: writeDuration(spec.limits.request) },
  };
}

function writePlatform(platform: PlatformSettings): Written {
  const { kind, ...settings } = platform;
  return { [kind]: { ...settings } };
}

function writeGates({ smoke, load, e2e }: GatesPlan): { readonly [key: string]: Written } {
  return {
    smoke: smoke.map(({ method, path, body, status }) => ({
      [method]: path,
      ...(body === null ? {} : { body }),
      status,
    })),
    load:
      load === null
        ? null
        : {
            path: load.path,
            rate: writeRate(load.rate),
            for: writeDuration(load.for),
            p99: load.p99 === null ? null : writeDuration(load.p99),
            errors: writeShare(load.errors),
          },
    e2e,
  };
}

function writeCount(count: Count): Written {
  return 'count' in count ? count.count : writeShare(count.share);
}

function writeStrategy(strategy: Strategy): Written {
  const common = { deadline: writeDuration(strategy.deadline), onDeadline: strategy.onDeadline };
  switch (strategy.kind) {
    case 'rolling': {
      const { maxSurge, maxUnavailable } = strategy;
      return { rolling: { maxSurge: writeCount(maxSurge), maxUnavailable: writeCount(maxUnavailable), ...common } };
    }
    case 'blueGreen': {
      const { previewReplicas, before, after, keep } = strategy;
      return {
        blueGreen: {
          previewReplicas,
          switch:
            typeof strategy.switch === 'string' ? strategy.switch : { after: writeDuration(strategy.switch.after) },
          before: { ...writeGates(before), judge: before.judge === null ? null : writeJudge(before.judge) },
          after: { judge: after.judge === null ? null : writeJudge(after.judge) },
          keep: writeDuration(keep),
          ...common,
        },
      };
    }
    case 'canary':
      return { canary: { ...writeCanary(strategy), ...common } };
  }
}

function writeCanary(plan: CanaryPlan): { readonly [key: string]: Written } {
  return {
    steps: plan.steps === null ? null : plan.steps.map(writeStep),
    match: plan.match === null ? null : { headers: plan.match.headers },
    judge: writeJudge(plan.judge),
    keep: writeDuration(plan.keep),
    supersede: plan.supersede,
    stableScale: plan.stableScale,
    keepAborted: writeDuration(plan.keepAborted),
    rollbackWindow: plan.rollbackWindow,
  };
}

function writeStep(step: Step): Written {
  switch (step.kind) {
    case 'weight':
      return { weight: writeShare(step.weight) };
    case 'pause':
      return { pause: step.duration === 'manual' ? 'manual' : writeDuration(step.duration) };
    case 'replicas':
      return { replicas: step.replicas === 'weight' ? 'weight' : writeCount(step.replicas) };
    case 'judge':
      return { judge: writeJudge(step.judge) };
    case 'mirror':
      return { mirror: writeShare(step.share) };
  }
}

function writeJudge(judge: JudgeSettings): Written {
  return {
    tolerate: writeFactor(judge.tolerate),
    detect: writeFactor(judge.detect),
    falseAlarm: writeShare(judge.falseAlarm),
    miss: writeShare(judge.miss),
    within: writeDuration(judge.within),
    inconclusive: judge.inconclusive,
    slo: { errors: writeShare(judge.slo.errors), p99: judge.slo.p99 === null ? null : writeDuration(judge.slo.p99) },
    dry: judge.dry,
  };
}
