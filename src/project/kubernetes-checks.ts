/** Contradictions of an environment that is on a cluster: between its own keys, and with the rest of the file. */

import { parseQuantity } from '../kernel/quantity.ts';
import type { WrittenEnvironment } from './environment-schema.ts';
import type { Path, ProblemDraft } from './problem.ts';
import type { WrittenProject } from './project-schema.ts';
import { isContainer, memberAt } from './validate.ts';

/** `root` is the file as it is written, `path` leads to the environment in it. */
export function checkCluster(
  root: unknown,
  path: Path,
  written: Pick<WrittenProject, 'image' | 'build'> & { readonly environment: WrittenEnvironment },
): readonly ProblemDraft[] {
  const { platform } = written.environment;
  if (platform.kind !== 'kubernetes') return checkNoMetrics(root, path);
  const scene = { root, path, cluster: platform };
  return [
    ...checkImage(scene, written),
    ...checkNotThere(scene),
    ...checkTraffic(scene),
    ...checkWeights(scene),
    ...checkRuntime(scene, written),
    ...checkReserved(scene),
  ];
}

interface Scene {
  readonly root: unknown;
  readonly path: Path;
  readonly cluster: Extract<WrittenEnvironment['platform'], { kind: 'kubernetes' }>;
}

function problem(path: Path, message: string, hint: string): ProblemDraft {
  return { code: 'config/contradiction', message, hint, path, at: 'key' };
}

function checkNoMetrics(root: unknown, path: Path): readonly ProblemDraft[] {
  const metrics = [...path, 'metrics'];
  if (memberAt(root, metrics) === undefined) return [];
  return [problem(metrics, 'an embedded environment counts its requests by itself', 'Leave it out.')];
}

function checkImage({ path, cluster }: Scene, { image }: Pick<WrittenProject, 'image'>): readonly ProblemDraft[] {
  const at = [...path, 'platform', 'kubernetes'];
  if (image.repository === undefined) {
    const message = 'pods pull their image from a registry, and `image` names none';
    return [problem(at, message, 'Write `image: REPOSITORY`, such as `image: ghcr.io/acme/greeter`.')];
  }
  if (cluster.runtimeClass !== null || image.platforms.some((platform) => platform.startsWith('linux/'))) return [];
  const message = 'pods run the Linux image, and `image.platforms` has no Linux platform';
  return [problem(at, message, 'Add `linux/amd64` or `linux/arm64`, or name a `runtimeClass` that runs Wasm.')];
}

/** What only the embedded platform has, wherever it asks for something. */
function checkNotThere({ root, path }: Scene): readonly ProblemDraft[] {
  const before = [...path, 'strategy', 'blueGreen', 'before'];
  const gates = [[...path, 'gates'], before].flatMap((parent) =>
    ['smoke', 'load', 'e2e'].map((key) => [...parent, key]),
  );
  const asking = gates.filter((gate) => {
    const value = memberAt(root, gate);
    return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
  });
  const affinity = memberAt(root, [...path, 'affinity']);
  const sticky = isContainer(affinity) ? [[...path, 'affinity']] : [];
  return [...asking, ...sticky].map((found) => ({
    code: 'config/not-yet',
    message: `\`${String(found.at(-1))}\` is not in this version of Slipway for Kubernetes`,
    hint: 'Leave it out; on the embedded platform it works.',
    path: found,
    at: 'key',
  }));
}

/** What a plain Service can't do, and what would say nothing to it. */
function checkTraffic({ root, path, cluster }: Scene): readonly ProblemDraft[] {
  if (cluster.traffic !== 'service') return [];
  const canary = [...path, 'strategy', 'canary'];
  const settings = [...path, 'platform', 'kubernetes'];
  const steps = memberAt(root, [...canary, 'steps']);
  const mirrors = (Array.isArray(steps) ? [...steps.keys()] : [])
    .map((index) => [...canary, 'steps', index, 'mirror'])
    .filter((step) => memberAt(root, step) !== undefined);
  const match = memberAt(root, [...canary, 'match']) === undefined ? [] : [[...canary, 'match']];
  const route = ['gateway', 'hosts'].filter((key) => memberAt(root, [...settings, key]) !== undefined);
  return [
    ...[...match, ...mirrors].map((found) => {
      const message = 'a plain Service looks into no request: it can neither tell them apart nor copy them';
      return problem(found, message, 'Leave it out, or write `traffic: gateway-api` or `traffic: istio`.');
    }),
    ...route.map((key) => {
      const message = `with \`traffic: service\` there is no route that \`${key}\` could say anything of`;
      return problem([...settings, key], message, 'Leave it out, or write `traffic: gateway-api` or `traffic: istio`.');
    }),
  ];
}

/** The smallest share that each can give; a plain Service has no weights. */
const GRAIN = { 'gateway-api': { parts: 10_000, said: '0.01%' }, istio: { parts: 100, said: '1%' } } as const;

function checkWeights({ root, path, cluster: { traffic } }: Scene): readonly ProblemDraft[] {
  if (traffic === 'service') return [];
  const { parts, said } = GRAIN[traffic];
  const list = [...path, 'strategy', 'canary', 'steps'];
  const steps = memberAt(root, list);
  return (Array.isArray(steps) ? [...steps.keys()] : []).flatMap((index): readonly ProblemDraft[] => {
    const at = [...list, index, 'weight'];
    const written = memberAt(root, at);
    const share = typeof written === 'string' ? parseQuantity('share', written) : undefined;
    if (share === undefined || Math.abs(share * parts - Math.round(share * parts)) < 1e-9) return [];
    const message = `the weights of \`${traffic}\` are whole multiples of ${said}`;
    return [{ ...problem(at, message, `Round ${String(written)} to such a one.`), at: 'value' }];
  });
}

/** A Wasm runtime serves a component by itself: nothing of ours is in the pod. */
function checkRuntime(
  { root, path, cluster }: Scene,
  { build }: Pick<WrittenProject, 'build'>,
): readonly ProblemDraft[] {
  if (cluster.runtimeClass === null) return [];
  const runtimeClass = [...path, 'platform', 'kubernetes', 'runtimeClass'];
  const limits = [...path, 'limits'];
  return [
    ...(build.target === 'wasm32-wasip2'
      ? []
      : [
          problem(
            runtimeClass,
            `a Wasm runtime serves components, and ${build.target} builds a core module`,
            'Write `target: wasm32-wasip2`, or leave `runtimeClass` out: the Linux image serves both.',
          ),
        ]),
    ...(memberAt(root, limits) === undefined
      ? []
      : [
          problem(
            limits,
            "these are the bounds of Slipway's own host, and pods with a runtime class have none",
            'Leave them out; `resources` bounds the pod.',
          ),
        ]),
  ];
}

/** Variables that the host in the Linux image takes for itself: the service would not see them. */
const RESERVED = /^(SLIPWAY_|NODE_|PATH$|HOME$|HOSTNAME$|PWD$|SHLVL$|_$)/;

function checkReserved({ root, path, cluster }: Scene): readonly ProblemDraft[] {
  if (cluster.runtimeClass !== null) return [];
  return ['config', 'secrets'].flatMap((key) => {
    const variables = memberAt(root, [...path, key]);
    const names = isContainer(variables) ? Object.keys(variables).filter((name) => RESERVED.test(name)) : [];
    return names.map((name) => {
      const message = `in an image ${name} speaks to the host of the service, which does not hand it on`;
      return problem([...path, key, name], message, 'Give it another name.');
    });
  });
}
