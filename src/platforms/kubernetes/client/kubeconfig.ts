/**
 * From a kubeconfig to where the API server is and how each request proves who we are: contexts, certificates, tokens,
 * credential programs and the service account of a pod are the library's, the way its errors are told is ours.
 */

import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { delimiter, dirname, join } from 'node:path';
// Its entry point would load every typed API of Kubernetes, of which we need none.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { Fault, messageOf, systemCodeOf } from '../../../kernel/fault.ts';
import type { ClusterTarget } from '../cluster-target.ts';
import { type KubernetesFaultCode, kubernetesFault } from '../kubernetes-fault.ts';

/** What is read of it: `KUBECONFIG` and `HOME`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Who we are to which server. */
export interface Access {
  readonly server: URL;
  /** For messages. */
  readonly context: string;
  readonly user: string;
  /** Whether requests go through a proxy; then the agent of `credentials` must be used. */
  readonly proxied: boolean;
  /** Everything of a request that has to do with identity and TLS. A credential program may run for it. */
  credentials(): Promise<Credentials>;
}

export interface Credentials extends RequestOptions {
  readonly headers: Readonly<Record<string, string>>;
}

const IN_CLUSTER_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** @throws Fault `kubernetes/kubeconfig`, `kubernetes/unknown-context`. */
export function openKubeconfig(target: ClusterTarget, variables: Variables): Access {
  const { config, where } = loaded(target, variables);
  if (config.getContexts().length === 0) throw unusable(`There is no context in ${where}.`);
  const context = target.context ?? config.getCurrentContext();
  choose(config, { context, where });
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw unusable(`The context ${context} of ${where} names a cluster that is not in it.`);
  }
  if (!URL.canParse(cluster.server)) {
    throw unusable(`The server of the context ${context} in ${where} is no address: ${cluster.server}.`);
  }
  const user = config.getCurrentUser();
  let pending: Promise<Credentials> | undefined;
  const credentials = async (): Promise<Credentials> => {
    const headers: Record<string, string> = {};
    const options: RequestOptions = { headers };
    try {
      await config.applyToHTTPSOptions(options);
      return { ...options, headers };
    } catch (error) {
      const why = firstLine(messageOf(error));
      throw unusable(`The credentials of the user ${user?.name ?? 'nobody'} in ${where} can't be had: ${why}.`);
    }
  };
  return {
    server: new URL(cluster.server),
    context,
    user: user?.name ?? 'nobody',
    proxied: typeof cluster.proxyUrl === 'string',
    // Many requests begin at once, and one run of a program is enough for them.
    credentials: () => (pending ??= credentials().finally(() => (pending = undefined))),
  };
}

interface Loaded {
  readonly config: KubeConfig;
  /** `the kubeconfig /home/ada/.kube/config`. */
  readonly where: string;
}

/** As kubectl does: the files of `KUBECONFIG` together, else the one of the home folder, else the pod's own account. */
function loaded({ kubeconfig }: ClusterTarget, variables: Variables): Loaded {
  if (kubeconfig !== null) return { config: fromFile(kubeconfig), where: `the kubeconfig ${kubeconfig}` };
  const listed = (variables['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (listed.length > 0) return fromFiles(listed);
  const usual = join(variables['HOME'] ?? '/', '.kube', 'config');
  if (isThere(usual)) return { config: fromFile(usual), where: `the kubeconfig ${usual}` };
  if (!isThere(IN_CLUSTER_TOKEN)) {
    throw unusable(`There is no kubeconfig: KUBECONFIG names none, and ${usual} is not there.`);
  }
  const config = new KubeConfig();
  config.loadFromCluster();
  return { config, where: 'the service account of this pod' };
}

function fromFiles(paths: readonly string[]): Loaded {
  // As kubectl does: one of several may be missing.
  const found = paths.filter(isThere);
  const [first = paths[0] ?? '', ...others] = found;
  const config = fromFile(first);
  const where = `the kubeconfig ${[first, ...others].join(' and ')}`;
  for (const path of others) {
    try {
      config.mergeConfig(fromFile(path), config.getCurrentContext() !== undefined);
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw unusable(`The files of KUBECONFIG can't be used together: ${messageOf(error)}.`);
    }
  }
  return { config, where };
}

function fromFile(path: string): KubeConfig {
  const config = new KubeConfig();
  const text = contentOf(path);
  try {
    config.loadFromString(text);
  } catch (error) {
    throw unusable(`${path} is no kubeconfig: ${withoutContent(error)}.`);
  }
  config.makePathsAbsolute(dirname(path));
  return config;
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemCodeOf(error);
    const why = code === 'ENOENT' ? 'it is not there' : code === 'EACCES' ? 'it may not be read' : messageOf(error);
    throw unusable(`The kubeconfig ${path} can't be read: ${why}.`);
  }
}

/** What a parser says quotes the lines around the mistake, and those may be a token or a key. */
function withoutContent(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'reason' in error && typeof error.reason === 'string') {
    const mark = 'mark' in error && typeof error.mark === 'object' && error.mark !== null ? error.mark : {};
    const line = 'line' in mark && typeof mark.line === 'number' ? ` in line ${mark.line + 1}` : '';
    return `${error.reason}${line}`;
  }
  const text = messageOf(error);
  return /^(clusters|users|contexts)\[\d+\]\.[\w.]+ is missing$/.test(text) ? text : 'it has not the form of one';
}

function choose(config: KubeConfig, { context, where }: { readonly context: string | undefined; where: string }): void {
  const names = config.getContexts().map(({ name }) => name);
  const there = `${where} has ${names.length === 1 ? 'the context' : 'the contexts'} ${names.join(', ')}`;
  if (context === undefined || context === '') {
    throw fault('kubernetes/unknown-context', `No context was named, and ${there}, none of them the current one.`);
  }
  if (!names.includes(context)) {
    throw fault('kubernetes/unknown-context', `There is no context ${JSON.stringify(context)}: ${there}.`);
  }
  config.setCurrentContext(context);
}

function isThere(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    // What may not be read is there, and is complained of when it is read.
    return systemCodeOf(error) !== 'ENOENT' && systemCodeOf(error) !== 'ENOTDIR';
  }
}

/** The first line of what a program has said, as far as a person would read it. */
function firstLine(text: string): string {
  return (text.split('\n').find((line) => line.trim() !== '') ?? 'it has failed').trim().slice(0, 200);
}

const HINTS = {
  'kubernetes/unknown-context': 'Name one of them as the context of the environment, or another kubeconfig.',
  'kubernetes/kubeconfig': 'Check it with "kubectl config view" and "kubectl get pods", or name another by KUBECONFIG.',
} as const;

function fault(code: keyof typeof HINTS & KubernetesFaultCode, message: string): Fault {
  return kubernetesFault({ code, kind: 'usage', message, hint: HINTS[code] });
}

function unusable(message: string): Fault {
  return fault('kubernetes/kubeconfig', message);
}
