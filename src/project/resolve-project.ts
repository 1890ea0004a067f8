/** From the file as written to the project: environments in order, presets applied, `local` added. */

import type { EnvironmentSpec } from '../delivery/index.ts';
import { deliverySpec } from './delivery-spec.ts';
import { presetRank, rulesFor } from './branch-rules.ts';
import type { WrittenEnvironment } from './environment-schema.ts';
import type { BranchPreset, PlatformSettings, Project, ProjectEnvironment, Toolchain } from './project.ts';
import { projectSchema, type WrittenProject } from './project-schema.ts';

export function resolveProject(written: WrittenProject, toolchain: Toolchain): Project {
  const { build, checks, tests, image, branches = null } = written;
  return {
    service: written.service,
    build: { toolchain, target: build.target, optimise: build.optimise, maxSize: build.maxSize ?? null },
    checks: {
      format: checks.format,
      lint: checks.lint,
      coverage: checks.coverage ?? null,
      audit: checks.audit ?? null,
      capabilities: checks.capabilities ?? null,
    },
    tests: { unit: tests.unit, integration: tests.integration, bench: tests.bench, e2e: tests.e2e ?? null },
    image: { repository: image.repository ?? null, platforms: image.platforms, sign: image.sign ?? null },
    branches,
    environments: resolveEnvironments(written).map((environment) => withEndToEnd(environment, tests.e2e ?? null)),
    notify: written.notify.flatMap(({ kind, channel, when }) =>
      channel === undefined ? [] : [{ kind, channel, when }],
    ),
    ci: resolveRunners(written.ci),
  };
}

function resolveRunners({ install, github, gitlab, jenkins }: WrittenProject['ci']): Project['ci'] {
  return {
    install: install ?? null,
    github: { runsOn: github.runsOn, deployOn: github.deployOn ?? null },
    gitlab: { image: gitlab.image ?? null, tags: gitlab.tags, deployOn: gitlab.deployOn ?? null },
    jenkins: { agent: jenkins.agent ?? null, deployOn: jenkins.deployOn ?? null },
  };
}

/** The folder is filled in by whoever deploys: a project means the same wherever it lies. */
function withEndToEnd(environment: ProjectEnvironment, e2e: Project['tests']['e2e']): ProjectEnvironment {
  const endToEnd = e2e === null ? null : { ...e2e, folder: '.' };
  return { ...environment, spec: { ...environment.spec, endToEnd } };
}

function resolveEnvironments(written: WrittenProject): readonly ProjectEnvironment[] {
  const { branches = null, image } = written;
  const repository = image.repository ?? null;
  const declared = Object.entries(written.environments).map(([name, environment]) =>
    resolveEnvironment(name, environment, { branches, repository }),
  );
  if (declared.some(({ name }) => name === 'local')) return inOrderOfNeeds(declared);
  const [bare] = Object.values(projectSchema.parse({ service: 'bare', environments: { local: {} } }).environments);
  if (bare === undefined) throw new Error('an environment without keys resolves to nothing');
  const local = { ...resolveEnvironment('local', bare, { branches: null, repository }), implicit: true };
  return [...inOrderOfNeeds(declared), onlyPlace(local, written)];
}

/** With no other place and no rule to say otherwise, everything is deployed to `local`. */
function onlyPlace(local: ProjectEnvironment, written: WrittenProject): ProjectEnvironment {
  if (Object.keys(written.environments).length > 0 || written.branches !== undefined) return local;
  return { ...local, from: [{ pattern: '*', ref: 'any', source: 'implicit', approval: false }] };
}

function resolveEnvironment(
  name: string,
  written: WrittenEnvironment,
  { branches, repository }: { readonly branches: BranchPreset | null; readonly repository: string | null },
): ProjectEnvironment {
  const { platform } = written;
  const engine = platform.kind === 'embedded' ? platform.engine : 'node';
  const metrics = written.metrics === undefined ? null : resolveMetrics(written.metrics);
  const spec: EnvironmentSpec = {
    ...deliverySpec(written),
    engine,
    endToEnd: null,
    ...(platform.kind === 'kubernetes' ? onCluster(platform, { repository, metrics }) : {}),
  };
  return {
    name,
    implicit: false,
    from: rulesFor(name, written.from, branches),
    needs: written.needs,
    config: written.config,
    secrets: written.secrets,
    platform,
    ttl: written.ttl ?? null,
    metrics,
    spec,
  };
}

/** Without the context, which differs by machine. The checks have refused a file without a repository. */
function onCluster(
  platform: Extract<PlatformSettings, { kind: 'kubernetes' }>,
  { repository, metrics }: { readonly repository: string | null; readonly metrics: ProjectEnvironment['metrics'] },
): Pick<EnvironmentSpec, 'kubernetes' | 'routing'> {
  const { kind: _, context: __, ...settings } = platform;
  return {
    ...(settings.traffic === 'service' ? { routing: 'replicas' } : {}),
    kubernetes: { ...settings, repository: repository ?? '', prometheus: metrics?.prometheus ?? null },
  };
}

function resolveMetrics({ prometheus }: NonNullable<WrittenEnvironment['metrics']>): ProjectEnvironment['metrics'] {
  const { url, series, labels } = prometheus;
  return { prometheus: { url, series, labels } };
}

/** The order of the presets, then of the file; whatever an environment needs comes before it. */
function inOrderOfNeeds(environments: readonly ProjectEnvironment[]): readonly ProjectEnvironment[] {
  const ranked = [...environments].sort((a, b) => presetRank(a.name) - presetRank(b.name));
  const ordered: ProjectEnvironment[] = [];
  const visit = (environment: ProjectEnvironment, above: readonly string[]): void => {
    if (ordered.includes(environment) || above.includes(environment.name)) return;
    for (const need of environment.needs) {
      const needed = ranked.find(({ name }) => name === need);
      if (needed) visit(needed, [...above, environment.name]);
    }
    ordered.push(environment);
  };
  for (const environment of ranked) visit(environment, []);
  return ordered;
}
