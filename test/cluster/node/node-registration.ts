/** What makes a node one in the eyes of the scheduler and the controllers: the object, its status and its Lease. */

import { systemClock } from '../../../src/kernel/clock.ts';
import type { AdminClient } from '../admin-client.ts';

export interface RegistrationOptions {
  readonly client: AdminClient;
  readonly name: string;
  /** Of the kubelet's API on 127.0.0.1, which serves logs. */
  readonly port: number;
}

const RENEW_EVERY = 10_000;
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

/** Resolves when the node can be scheduled on. Returns the end of its renewals. */
export async function registerNode({ client, name, port }: RegistrationOptions): Promise<() => void> {
  const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
  const content = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
  const created = await client.ask('POST', '/api/v1/nodes', { content });
  if (created.status !== 201 && created.status !== 409) throw new Error(`node: ${JSON.stringify(created.body)}`);
  const renew = (): Promise<unknown> => client.apply(`${LEASES}/${name}`, leaseOf(name));
  await renew();
  await client.demand('PATCH', `/api/v1/nodes/${name}/status`, {
    content: { status: statusOf(name, port) },
    type: 'application/strategic-merge-patch+json',
  });
  const timer = setInterval(() => void renew().catch(() => undefined), RENEW_EVERY);
  return () => clearInterval(timer);
}

function leaseOf(name: string): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name },
    // Micro time: three more digits than a Date has.
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: now().replace('Z', '000Z') },
  };
}

function statusOf(name: string, port: number): object {
  const room = { cpu: '256', memory: '1Ti', pods: '5000', 'ephemeral-storage': '10Ti' };
  const conditions = { Ready: 'True', MemoryPressure: 'False', DiskPressure: 'False', PIDPressure: 'False' };
  return {
    capacity: room,
    allocatable: room,
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    conditions: Object.entries(conditions).map(([type, status]) => ({
      type,
      status,
      reason: 'Played',
      lastHeartbeatTime: now(),
      lastTransitionTime: now(),
    })),
  };
}

function now(): string {
  return new Date(systemClock.wall()).toISOString();
}
