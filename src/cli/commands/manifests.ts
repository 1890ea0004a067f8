/** `slipway manifests ENVIRONMENT [--release N]`: what is applied to the cluster, printed and not applied. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Release, readEnvironments, releaseDigest } from '../../delivery/index.ts';
import type { Digest } from '../../kernel/digest.ts';
import { Fault } from '../../kernel/fault.ts';
import type { Layout } from '../../oci/index.ts';
import { imageTags, type Project, readRevision } from '../../project/index.ts';
import { clusterManifests, definedOnly, openJournal, type System } from '../../system.ts';
import { type ClusterEnvironment, requireClusterEnvironment } from '../cluster-environment.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { requireProject, requireProjectFolder } from '../pipeline-session.ts';
import { documents } from '../report/yaml-documents.ts';
import type { Terminal } from '../terminal.ts';
import { wasmArtifact } from '../wasm-artifact.ts';

export interface ManifestsOptions {
  readonly environment: string;
  /** One that was deployed; `undefined`: what a deployment would make now. */
  readonly release: number | undefined;
  readonly signal: AbortSignal;
}

export async function runManifests(system: System, terminal: Terminal, options: ManifestsOptions): Promise<ExitCode> {
  const folder = requireProjectFolder();
  const project = await requireProject(folder, terminal, system.cache);
  const target = requireClusterEnvironment(project, options.environment);
  const key = `${project.service}/${target.name}`;
  const deployed = await deployedReleases(system, project);
  const releases = deployed.get(key) ?? {};
  const { release, notes } =
    options.release === undefined
      ? await nextRelease({ system, project, folder, target, deployed, signal: options.signal })
      : { release: deployedRelease(key, releases, options.release), notes: [] };
  const complete = await withArtifact(system, release);
  const objects = await clusterManifests({ key, spec: target.spec, releases }, complete);
  const title = `${key}, release #${release.number}${release.number in releases ? '' : ', which is not deployed'}, with all requests.`;
  terminal.print(documents(objects, [title, ...notes]));
  return EXIT.ok;
}

type Releases = Readonly<Record<number, Release>>;

/** Of every environment of the service, as the journal of the home tells it. */
async function deployedReleases(system: System, { service }: Project): Promise<ReadonlyMap<string, Releases>> {
  const journal = await openJournal(system);
  try {
    const views = [...readEnvironments(journal).values()].filter(({ key }) => key.startsWith(`${service}/`));
    return new Map(views.map(({ key, releases }) => [key, releases]));
  } finally {
    journal.close();
  }
}

function deployedRelease(key: string, releases: Releases, number: number): Release {
  const found = releases[number];
  if (found !== undefined) return found;
  const known = Object.keys(releases).map((known) => `#${known}`);
  throw new Fault({
    code: 'cli/no-such-release',
    kind: 'usage',
    message: `${key} has no release #${number}.`,
    hint: known.length === 0 ? 'Nothing was deployed there yet; leave out --release.' : `It has ${known.join(', ')}.`,
  });
}

interface NextRelease {
  readonly system: System;
  readonly project: Project;
  readonly folder: string;
  readonly target: ClusterEnvironment;
  readonly deployed: ReadonlyMap<string, Releases>;
  readonly signal: AbortSignal;
}

/** What a deployment of the newest image with the present project file would make, and what is not known of it before. */
async function nextRelease(
  scene: NextRelease,
): Promise<{ readonly release: Release; readonly notes: readonly string[] }> {
  const { project, target, deployed } = scene;
  const { image, revision, note } = await newestImage(scene);
  const releases = deployed.get(`${project.service}/${target.name}`) ?? {};
  const last = newestOf([releases]);
  const secrets = Object.keys(target.secrets).map((name) => [name, last?.content.secrets[name]] as const);
  const unknown = secrets.filter(([, version]) => version === undefined).map(([name]) => name);
  const content = {
    service: project.service,
    environment: target.name,
    image,
    config: target.config,
    secrets: Object.fromEntries(secrets.map(([name, version]) => [name, version ?? 'not yet made'])),
    grants: [],
  };
  const digest = releaseDigest(content);
  const known = Object.values(releases).find((release) => release.digest === digest);
  const release = known ?? { number: (last?.number ?? 0) + 1, digest, content, revision };
  const secretNotes = [
    ...(unknown.length === 0
      ? []
      : [
          `${unknown.join(', ')}: a version is made from the value when it is deployed; until then its name, and the digits at the end of the release's, are stand-ins.`,
        ]),
    ...(unknown.length === secrets.length || last === undefined
      ? []
      : [`Secrets are as in #${last.number}: another value has another version.`]),
  ];
  return { release, notes: [note, ...secretNotes] };
}

interface NewestImage {
  readonly image: Digest;
  readonly revision: Release['revision'];
  readonly note: string;
}

/** That of this revision if the home has it, else the one that was deployed last: here, or anywhere of this service. */
async function newestImage({ system, folder, target, project, deployed, signal }: NextRelease): Promise<NewestImage> {
  const asked = await readRevision({ folder, environment: definedOnly(system.env), signal });
  const [tag = ''] = imageTags(asked);
  const tagged = (await (await imagesOf(system))?.tags())?.get(tag);
  if (tagged !== undefined) {
    return { image: tagged.digest, revision: { commit: asked.commit, ref: asked.name }, note: `The image is ${tag}.` };
  }
  const here = deployed.get(`${project.service}/${target.name}`);
  const last = newestOf(here === undefined ? deployed.values() : [here]);
  if (last === undefined) {
    throw new Fault({
      code: 'cli/no-image',
      kind: 'usage',
      message: `There is no image of ${project.service} in this home yet.`,
      hint: 'Run "slipway run package" first.',
    });
  }
  const { image, environment } = last.content;
  return {
    image,
    revision: last.revision,
    note: `There is no image of ${tag} yet: this is that of ${environment} #${last.number}.`,
  };
}

function newestOf(releases: Iterable<Releases>): Release | undefined {
  return [...releases]
    .flatMap((known) => Object.values(known))
    .toSorted((a, b) => a.number - b.number)
    .at(-1);
}

/** With what a Wasm runtime pulls, if the home has the image. */
async function withArtifact(system: System, release: Release): Promise<Release> {
  if (release.artifact !== undefined) return release;
  const artifact = await wasmArtifact(system, release.content.image);
  return artifact === undefined ? release : { ...release, artifact };
}

/** `null`: the home has none yet. */
async function imagesOf({ home }: System): Promise<Layout | null> {
  const folder = join(home, 'images');
  if (!existsSync(folder)) return null;
  const { openLayout } = await import('../../oci/index.ts');
  return openLayout({ folder });
}
