/** The account that drives the demo's environment, made of what `slipway rbac` prints, and what it may and may not do. */

import { writeFileSync } from 'node:fs';
import { accountConfig } from '../../test/rigs/cluster-rig.ts';
import { pause } from '../stage.ts';
import type { DemoCluster } from './cluster.ts';

export interface Account {
  /** Path of its kubeconfig. */
  readonly kubeconfig: string;
  /** How the API server calls it. */
  readonly user: string;
  may(verb: string, resource: Resource): Promise<boolean>;
}

interface Resource {
  readonly group?: string;
  readonly resource: string;
  readonly namespace?: string;
}

export interface AccountOptions {
  readonly cluster: DemoCluster;
  readonly namespace: string;
  /** What `slipway rbac` printed. */
  readonly manifests: string;
  readonly name: string;
  readonly path: string;
}

/** Resolves when its rights are in force: the API server follows Roles by a watch of its own. */
export async function makeAccount({ cluster, namespace, manifests, name, path }: AccountOptions): Promise<Account> {
  const { admin, kubeconfig: adminConfig } = cluster;
  console.log(cluster.kubectl(['apply', '--filename', '-'], manifests).trimEnd());
  writeFileSync(path, await accountConfig(admin, { adminConfig, namespace, account: name }), { mode: 0o600 });
  const user = `system:serviceaccount:${namespace}:${name}`;
  const may: Account['may'] = async (verb, { group = '', ...where }) => {
    const spec = { user, resourceAttributes: { namespace, group, verb, ...where } };
    const content = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
    const review = await admin.demand('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { content });
    return (review['status'] as { readonly allowed: boolean }).allowed;
  };
  const deadline = performance.now() + 10_000;
  while (!(await may('create', { group: 'apps', resource: 'deployments' }))) {
    if (performance.now() > deadline) throw new Error(`${user} was given no rights`);
    await pause(50);
  }
  return { kubeconfig: path, user, may };
}
