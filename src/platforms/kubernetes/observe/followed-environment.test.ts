import { expect, test } from 'vitest';
import { createManualClock } from '../../../kernel/clock.ts';
import type { ClusterClient, KubernetesObject, ObjectQuery } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { kubernetesFault } from '../kubernetes-fault.ts';
import { sampleContext } from '../objects/sample-context.ts';
import { followEnvironment } from './followed-environment.ts';

/** A client whose watches can be broken, and see nothing. */
function stage() {
  const clock = createManualClock();
  const queries: ObjectQuery[] = [];
  const broken: { since: number | null; trouble: Error | null } = { since: null, trouble: null };
  const refused = (): never => {
    throw new Error('nothing is asked here');
  };
  const client: ClusterClient = {
    namespace: 'wasm-prod',
    read: refused,
    write: refused,
    remove: refused,
    logs: refused,
    follow(query) {
      queries.push(query);
      return {
        ready: () => Promise.resolve(),
        objects: () => new Map(),
        brokenSince: () => broken.since,
        trouble: () => broken.trouble,
        onChange: () => () => undefined,
        close: () => undefined,
      };
    },
  };
  const follow = (traffic: 'gateway-api' | 'istio' | 'service') =>
    followEnvironment({ context: sampleContext(), traffic, client, clock });
  return { clock, queries, broken, follow };
}

test.each([
  ['gateway-api', ['Deployment', 'Pod', 'Service', 'HTTPRoute']],
  ['istio', ['Deployment', 'Pod', 'Service', 'VirtualService']],
  ['service', ['Deployment', 'Pod', 'Service']],
] as const)('with %s these kinds are followed, of this environment alone', (traffic, kinds) => {
  const { follow, queries } = stage();
  follow(traffic);
  expect(queries.map(({ kind }) => kind)).toEqual(kinds);
  for (const { labels } of queries) {
    expect(labels).toEqual({ 'slipway.dev/service': 'greeter', 'slipway.dev/environment': 'production' });
  }
});

test('what was seen last counts for ten seconds after a watch broke, and then nobody claims to see', async () => {
  const { clock, broken, follow } = stage();
  const followed = follow('service');
  broken.since = 0;
  broken.trouble = new Error('nothing listens there');
  await clock.advance(10_000);
  await followed.ready();
  await clock.advance(1);
  await expect(followed.ready()).rejects.toMatchObject({
    code: 'kubernetes/unreachable',
    kind: 'unreachable',
    message: "What runs in greeter/production can't be seen for a while now: nothing listens there.",
  });
  broken.trouble = kubernetesFault({ code: 'kubernetes/forbidden', kind: 'refused', message: 'No.', hint: 'Ask.' });
  await expect(followed.ready()).rejects.toMatchObject({ code: 'kubernetes/forbidden' });
  broken.since = null;
  await followed.ready();
});

test('a pod that finds no node is stuck when it has looked for ten seconds, as far as we saw', async () => {
  const { clock, follow } = stage();
  const { stuck } = follow('service');
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' };
  const lonely: KubernetesObject = {
    ...KINDS.pod,
    metadata: { name: 'a', uid: 'a' },
    status: { conditions: [condition] },
  };
  expect(stuck(lonely)).toBeNull();
  await clock.advance(9999);
  expect(stuck(lonely)).toBeNull();
  await clock.advance(1);
  expect(stuck(lonely)).toBe('Unschedulable: 0/3 nodes');
  expect(stuck({ ...lonely, status: {} })).toBeNull();
  expect(stuck(lonely)).toBeNull();
});
