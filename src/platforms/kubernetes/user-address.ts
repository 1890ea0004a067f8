/** Where users of an environment on a cluster get its answers, in words. */

import type { KubernetesSpec } from '../../delivery/index.ts';
import { environmentName } from './names.ts';

/** `http://shop.example.com, through the Gateway infra/front`, or the name that it has inside of the cluster. */
export function userAddress(key: string, { gateway, hosts, namespace }: KubernetesSpec): string {
  const inside = `http://${environmentName(key)}.${namespace}.svc`;
  if (gateway === null) return `${inside}, inside of the cluster`;
  const through = `through the Gateway ${gateway.namespace ?? namespace}/${gateway.name}`;
  if (hosts.length === 0) return `any host name ${through}`;
  return `${hosts.map((host) => `http://${host}`).join(' and ')}, ${through}`;
}
