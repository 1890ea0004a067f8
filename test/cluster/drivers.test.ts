/** Two and three machines on one environment of a real cluster: one drives, whatever happens to it. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CanaryPlan, Effect, Strategy } from '../../src/delivery/index.ts';
import { dataOf } from '../../src/delivery/entries.ts';
import type { Entry } from '../../src/journal/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { QUICK, until } from '../rigs/agent-rig.ts';
import { type ClusterRig, clusterAtHand, createClusterRig, type NamespaceRig } from '../rigs/cluster-rig.ts';
import { createDriverHome, type DriverHome, type DriverOptions, KEY } from '../rigs/driver-rig.ts';
import { WRITES } from './audit-log.ts';

/** Nobody says how good it is: it goes by its steps. */
const STEPS: CanaryPlan = { ...QUICK, judge: { ...QUICK.judge, dry: true } };
const PAUSED: CanaryPlan = {
  ...STEPS,
  steps: [
    { kind: 'weight', weight: 0.1 },
    { kind: 'pause', duration: 'manual' },
    { kind: 'weight', weight: 1 },
  ],
};
/** The first release, with nothing asked. */
const AT_ONCE: Strategy = {
  kind: 'rolling',
  maxSurge: { share: 1 },
  maxUnavailable: { count: 0 },
  deadline: 60_000,
  onDeadline: 'abort',
};
const LEASE = 2000;
const INTENTS = [1, 2, 3, 4, 5].map((count) => `intent#${count}`);
const PROMOTED = Array.from({ length: 6 }, () => 'promoted').join(' ');
const OUTCOMES = [1, 2, 3, 4, 5].map((count) => `outcome#${count}`);

describe.skipIf(!(await clusterAtHand()))('machines that share an environment', () => {
  let cluster: ClusterRig;
  const homes: DriverHome[] = [];
  beforeAll(async () => {
    cluster = await createClusterRig();
  });
  afterEach(async () => {
    for (const home of homes.splice(0)) await home.end();
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  const open = async (): Promise<NamespaceRig> => {
    const place = await cluster.namespace({ prefix: 'drivers' });
    place.playGateway();
    return place;
  };
  const startHome = async (options: DriverOptions): Promise<DriverHome> => {
    const home = createDriverHome(options);
    homes.push(home);
    await home.start();
    return home;
  };

  /** One rollout for each point, one after another; the other machine takes each of them to its end. */
  const killAt = async (failpoints: readonly string[]): Promise<readonly (string | undefined)[]> => {
    const place = await open();
    const ben = await startHome({ place, leaseDuration: LEASE });
    await ben.deploy(1, AT_ONCE);
    await ben.settled(1);
    const ana = createDriverHome({ place, leaseDuration: LEASE });
    homes.push(ana);
    let number = 1;
    for (const failpoint of failpoints) {
      number += 1;
      await ana.start(failpoint);
      await ana.deploy(number, STEPS).catch(() => undefined);
      await ana.dead();
      await ben.settled(number);
      const rollout = ben.view()?.rollouts.find(({ started }) => started.number === number);
      expect([failpoint, rollout?.ended?.outcome, ben.view()?.now?.stable]).toEqual([failpoint, 'promoted', number]);
    }
    await quiet(ben);
    const entries = ben.entries();
    const keys = entries.flatMap(({ key }) => key ?? []);
    expect(new Set(keys).size).toBe(keys.length);
    if (cluster.local !== null) expectEachWriteOnce(place, entries, number);
    return (ben.view()?.rollouts ?? []).map(({ ended }) => ended?.outcome);
  };

  test('the one that drives is killed at ten points: one outcome each time, and nothing is done twice', async () => {
    const outcomes = await Promise.all([INTENTS, OUTCOMES].map(killAt));
    // The first deployment of each, and five rollouts.
    expect(outcomes.map((ended) => ended.join(' '))).toEqual([PROMOTED, PROMOTED]);
  });

  test('a machine that was asleep past its Lease does no harm when it wakes up', async () => {
    const place = await open();
    const options = { place, leaseDuration: LEASE };
    const [ana, ben] = [await startHome(options), await startHome(options)];
    await ben.deploy(1, AT_ONCE);
    await ben.settled(1);
    await ana.deploy(2, PAUSED);
    await until(async () => ana.view()?.now?.phase === 'paused');
    ana.kill('SIGSTOP');
    const aborted = await ben.client.command(KEY, { kind: 'abort' });
    expect(aborted.done).toBe(true);
    await ben.settled(2);
    ana.kill('SIGCONT');
    await until(async () => keysOf(ana).join() === keysOf(ben).join());
    expect(ana.view()?.rollouts.map(({ ended }) => ended?.outcome)).toEqual(['promoted', 'aborted']);
    await quiet(ben);
    expect(keysOf(ana)).toEqual(keysOf(ben));
    expect(await holderOf(place)).toBe(await holderPid(ben));
    if (cluster.local !== null) expectEachWriteOnce(place, ben.entries(), 2);
  });

  test('a command goes to whoever drives next, at once; a machine that never saw it knows its history and rolls back', async () => {
    const place = await open();
    // Were it not for the wish, fifteen seconds would be waited for.
    const options = { place, leaseDuration: 15_000 };
    const [ana, ben] = [await startHome(options), await startHome(options)];
    await ana.deploy(1, AT_ONCE);
    await ana.settled(1);
    await ana.deploy(2, PAUSED);
    await until(async () => ana.view()?.now?.phase === 'paused');
    expect(await ben.know()).toEqual({ exists: true });
    expect(ben.view()?.now?.phase).toBe('paused');
    const begun = performance.now();
    expect((await ben.client.command(KEY, { kind: 'promote' })).done).toBe(true);
    expect(performance.now() - begun).toBeLessThan(5000);
    await ben.settled(2);
    await until(async () => keysOf(ana).join() === keysOf(ben).join());

    await ben.client.letGo(KEY);
    await ana.client.letGo(KEY);
    const eva = await startHome(options);
    expect(await eva.know()).toEqual({ exists: true });
    const told = ({ rollouts, releases }: NonNullable<ReturnType<DriverHome['view']>>) =>
      JSON.stringify([releases, rollouts.map(({ started, ended }) => [started, ended?.outcome, ended?.because])]);
    expect(told(eva.view()!)).toBe(told(ben.view()!));
    const back = performance.now();
    expect((await eva.client.command(KEY, { kind: 'rollback', to: null })).done).toBe(true);
    await eva.settled(3);
    expect(performance.now() - back).toBeLessThan(10_000);
    expect(eva.view()?.now).toMatchObject({ stable: 1, shares: { 1: 1 } });
    await until(async () => keysOf(ana).join() === keysOf(eva).join());
  });
});

function keysOf(home: DriverHome): readonly string[] {
  return home.entries().flatMap(({ key }) => (key === undefined ? [] : [key]));
}

/** Until nothing more follows from what has ended. */
async function quiet(home: DriverHome): Promise<void> {
  for (let before = -1, now = home.entries().length; before !== now; now = home.entries().length) {
    before = now;
    await systemClock.sleep(2000);
  }
}

async function holderPid(home: DriverHome): Promise<string> {
  return String((await home.client.info())?.pid);
}

async function holderOf(place: NamespaceRig): Promise<string | undefined> {
  const [lease] = await place.objects('coordination.k8s.io/v1', 'leases');
  return (lease?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity?.split('/').at(-1);
}

/**
 * What the API server was told, by its own record, is what the record of the engine says was meant, in that order, and
 * nothing of it was written twice.
 */
function expectEachWriteOnce(place: NamespaceRig, entries: readonly Entry[], releases: number): void {
  const meant = entries
    .filter(({ kind }) => kind === 'effect.intended')
    .map((entry) => dataOf<{ effect: Effect }>(entry).effect);
  const done = place
    .audit({ verbs: WRITES, resources: ['deployments', 'httproutes'] })
    .filter(({ code, uri }) => code < 300 && !uri.includes('dryRun'));
  for (let release = 1; release <= releases; release += 1) {
    const written = done
      .filter(({ resource, name }) => resource === 'deployments' && name?.includes(`-production-${release}-`))
      .map(({ verb, sent }) => (verb === 'delete' ? 0 : (sent as Scaled).spec.replicas));
    const wanted = meant.flatMap((effect) =>
      effect.kind === 'scale' && effect.release === release ? [effect.replicas] : [],
    );
    expect([release, written]).toEqual([release, withoutRepeats(wanted)]);
  }
  const routed = done.filter(({ resource }) => resource === 'httproutes').map(({ sent }) => weightsIn(sent as Routed));
  const wanted = meant.flatMap((effect) => (effect.kind === 'route' ? [sharesOf(effect.shares)] : []));
  expect(routed).toEqual(withoutRepeats(wanted));
}

interface Scaled {
  readonly spec: { readonly replicas: number };
}

interface Routed {
  readonly spec: {
    readonly rules: readonly { readonly backendRefs: readonly { readonly name: string; readonly weight: number }[] }[];
  };
}

/** `1: 0.9, 2: 0.1`. */
function weightsIn({ spec }: Routed): string {
  const refs = spec.rules.at(-1)?.backendRefs ?? [];
  const total = refs.reduce((sum, { weight }) => sum + weight, 0);
  const shares = refs.map(({ name, weight }): [string, number] => [
    /-production-(\d+)-/.exec(name)?.[1] ?? name,
    weight / total,
  ]);
  return sharesOf(Object.fromEntries(shares));
}

function sharesOf(shares: Readonly<Record<string, number>>): string {
  return Object.entries(shares)
    .filter(([, share]) => share > 0)
    .map(([release, share]) => `${release}: ${share.toFixed(2)}`)
    .sort()
    .join(', ');
}

/** What is wanted again after a crash is not wanted twice. */
function withoutRepeats<Value>(values: readonly Value[]): readonly Value[] {
  return values.filter((value, index) => value !== values[index - 1]);
}
