/** What happens in the demo on a cluster, in order, and what is claimed of it. */

import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FakeRegistry } from '../../src/oci/fake-registry.ts';
import { readAuditLog } from '../../test/cluster/audit-log.ts';
import { createPlayedGateway } from '../../test/cluster/played-gateway.ts';
import type { Claims } from '../claims.ts';
import { expectCode, type Machine, pause, seconds, setStage, type Stage } from '../stage.ts';
import type { DemoCluster } from './cluster.ts';
import { type Account, makeAccount } from './rights.ts';
import { checkLog } from './server-log.ts';
import { playUsers, type Users } from './users.ts';
import { createWitness, type Split, type Witness } from './witness.ts';

export interface Scenery {
  readonly scratch: string;
  readonly cluster: DemoCluster;
  readonly registry: FakeRegistry;
  readonly claims: Claims;
  /** The last that was given is called first. */
  readonly atEnd: (end: () => unknown) => void;
}

const KEY = 'herald/production';
const REPLICAS = 3;
const RATE = 200;
/** How long the gateway takes to follow the route. */
const GATEWAY_DELAY = 300;
/** The bad change: an error for each build number that ends in 9. */
const BAD = { release: 3, errors: 0.1 };
const STEPS = [0.1, 0.5, 1];

interface Scene extends Scenery {
  readonly namespace: string;
  readonly stage: Stage;
  readonly ana: Machine;
  readonly ben: Machine;
  readonly eva: Machine;
  readonly users: Users;
  readonly witness: Witness;
}

const say = (text: string): void => console.log(`\n${text}`);

export async function tell(scenery: Scenery): Promise<void> {
  const { scratch, cluster, registry, atEnd } = scenery;
  const namespace = `shop-${randomBytes(3).toString('hex')}`;
  await cluster.admin.demand('POST', '/api/v1/namespaces', { content: namespaceObject(namespace) });
  // A cluster of our own goes as a whole.
  if (cluster.auditLog === null) atEnd(() => cluster.kubectl(['delete', 'namespace', namespace, '--timeout=60s']));
  const gateway = createPlayedGateway(cluster.admin, namespace, GATEWAY_DELAY);
  atEnd(() => gateway.close());
  const errorsOf = (release: number): number => (release === BAD.release ? BAD.errors : 0);
  const users = await playUsers({ admin: cluster.admin, namespace, key: KEY, rate: RATE, errorsOf });
  atEnd(() => users.close());
  const witness = createWitness(cluster.admin, namespace);
  atEnd(() => witness.close());
  const settings = settingsOf({ namespace, registry: registry.host, prometheus: users.prometheus });
  const stage = setStage({ settings, scratch });
  const kubeconfig = join(scratch, 'kubeconfig');
  // Each home has a router of its own, which nothing here asks.
  const env = { KUBECONFIG: kubeconfig, SLIPWAY_PORT: '0' };
  const [ana, ben, eva] = [stage.machine('ana', env), stage.machine('ben', env), stage.machine('eva', env)];
  const scene: Scene = { ...scenery, namespace, stage, ana, ben, eva, users, witness };
  say(`A repository with the example service "herald"; its slipway.yaml says where production is:\n${settings}`);
  console.log(`${RATE} users a second are played: dealt among the pods by what the route says is in force.`);

  const account = await rights(scene, kubeconfig);
  let ended = false;
  for (const machine of [ana, ben, eva]) atEnd(() => (ended ? undefined : machine.slipway('down')));
  await firstRelease(scene);
  await goodChange(scene);
  const bens = homeOf(witness);
  await badChange(scene);
  await agentDies(scene, bens);
  await rollback(scene);
  await end(scene, account);
  ended = true;
}

async function rights({ claims, cluster, namespace, ana }: Scene, path: string): Promise<Account> {
  say('1. An administrator gives Slipway the rights that it needs for this environment, and no others.');
  const { output } = await ana.slipwayInto('kubectl apply -f -', 'rbac', 'production');
  const name = 'herald-production-slipway';
  const account = await makeAccount({ cluster, namespace, manifests: output, name, path });
  const forbidden = [
    await account.may('list', { resource: 'secrets' }),
    await account.may('create', { resource: 'pods' }),
    await account.may('create', { group: 'apps', resource: 'deployments', namespace: 'default' }),
    await account.may('update', { group: 'rbac.authorization.k8s.io', resource: 'roles' }),
  ];
  claims.check(!forbidden.includes(true), 'the API server says: it may read no Secrets, make no pods, change no Role,');
  console.log('    and do nothing in another namespace');
  return account;
}

async function firstRelease({ claims, registry, ana, witness }: Scene): Promise<void> {
  say('2. The first release: built, pushed by its digest, applied.');
  expectCode(await ana.slipway('deploy', 'production'), 0);
  const [image = '', ...others] = witness.images();
  const { shares } = witness.splits.at(-1) ?? {};
  claims.check(
    isAll(shares, 1) && witness.ready(1) === REPLICAS,
    `the route sends everything to #1, which has ${witness.ready(1)} of ${REPLICAS} pods ready`,
  );
  const digest = image.split('@')[1] ?? '';
  claims.check(
    others.length === 0 && registry.manifests.has(digest),
    `they run ${digest.slice(0, 19)}…, as it was pushed`,
  );
  const manifests = await ana.slipwayInto("grep -E '^(kind|  name):'", 'manifests', 'production');
  console.log(manifests.output.match(/^(kind|  name): .*$/gm)?.join('\n'));
}

async function goodChange({ claims, stage, ben, users, witness }: Scene): Promise<void> {
  say('3. A good change, from another machine: a canary at 10 and 50 % of the requests.');
  stage.commit('good', 'feat: badges may be square');
  const from = mark(witness);
  const anas = homeOf(witness);
  expectCode(await ben.slipway('deploy', 'production'), 0);
  claims.check(
    anas !== null && homeOf(witness) !== null && homeOf(witness) !== anas,
    "ana's agent gave the Lease, which says who drives, to ben's",
  );
  const seen = users.seen(2);
  checkSteps(claims, from.splits(), 2);
  claims.check(seen.errors === 0, `${seen.requests} users saw it meanwhile, none an error`);
}

async function badChange({ claims, stage, ana, users, witness }: Scene): Promise<void> {
  say('4. A bad change: one answer in ten is an error. No test covers it; the judge has to see it.');
  stage.commit('bad', 'feat: build numbers take turns in colour');
  const from = mark(witness);
  expectCode(await ana.slipway('deploy', 'production'), 1);
  await witness.when('everything for #2', () => isAll(witness.shares(), 2));
  const splits = from.splits();
  const exposed = splits.find(({ shares }) => shares[BAD.release] !== undefined);
  const gone = splits.find(({ at, shares }) => exposed !== undefined && at > exposed.at && isAll(shares, 2));
  const { requests, errors } = users.seen(BAD.release);
  claims.check(
    exposed !== undefined && gone !== undefined,
    `the route sent nothing to it any more ${seconds((gone?.at ?? NaN) - (exposed?.at ?? NaN))} after its first user`,
  );
  claims.check(errors > 0 && errors <= 60, `${errors} of the ${requests} users who reached it saw an error`);
  await witness.when('the bad release without a Deployment', () => !witness.deployed().includes(BAD.release));
  claims.check(
    witness.ready(2) === REPLICAS,
    `its Deployment is gone, #2 has ${witness.ready(2)} of ${REPLICAS} pods ready`,
  );
  await ana.slipway('why', 'production/3');
}

async function agentDies({ claims, stage, ana, ben, users, witness }: Scene, bens: string | null): Promise<void> {
  say('5. The machine that drives dies in the middle of a rollout. The one before goes on by itself.');
  stage.revert('fix: one colour for all');
  const path = join(stage.repository, 'slipway.yaml');
  writeFileSync(path, readFileSync(path, 'utf8').replace('LOG_LEVEL: info', 'LOG_LEVEL: debug'));
  console.log("$ sed -i 's/LOG_LEVEL: info/LOG_LEVEL: debug/' slipway.yaml");
  const from = mark(witness);
  expectCode(await ana.slipway('deploy', 'production', '--no-wait'), 0);
  await witness.when('a tenth of the requests for #4', () => witness.shares()[4] === STEPS[0]);
  const before = witness.holders.at(-1)?.holder ?? '';
  const pid = Number(before.split('/').at(-1));
  const { shares } = witness.splits.at(-1) ?? {};
  console.log(`\n$ kill -9 ${pid}    # ana's agent, as the Lease names it`);
  process.kill(pid, 'SIGKILL');
  const killed = performance.now();
  const asked = users.seen();
  await witness.when('another holder of the Lease', () => (witness.holders.at(-1)?.holder ?? before) !== before);
  const taken = witness.holders.at(-1);
  const answered = users.seen();
  claims.check(
    (taken?.at ?? 0) > killed && homeOf(witness) === bens,
    `the Lease is ben's ${seconds((taken?.at ?? NaN) - killed)} later, when it had run out`,
  );
  const meanwhile = witness.splits.filter(({ at }) => at > killed && at < (taken?.at ?? 0));
  claims.check(
    meanwhile.length === 0 && shares?.[4] === STEPS[0],
    `until then nobody decided anything: the route stayed, ${answered.requests - asked.requests} users were served, ` +
      `${answered.errors - asked.errors} saw an error`,
  );
  await witness.when('everything for #4', () => isAll(witness.shares(), 4));
  checkSteps(claims, from.splits(), 4);
  await pause(1500);
  await ben.slipway('status', 'production');
}

async function rollback({ claims, eva, users, witness }: Scene): Promise<void> {
  say('6. From a third machine, which has never seen this environment, it is taken back.');
  const began = performance.now();
  const before = users.seen();
  expectCode(await eva.slipway('rollback', 'production'), 0);
  await witness.when('everything for #2', () => isAll(witness.shares(), 2));
  const back = witness.splits.find(({ at, shares }) => at > began && isAll(shares, 2));
  claims.check(
    back?.ready[2] === REPLICAS,
    `the route named #2 alone ${seconds((back?.at ?? NaN) - began)} after the command was typed, with ${back?.ready[2]} of ${REPLICAS} pods ready`,
  );
  claims.check(users.seen().errors === before.errors, 'no user saw an error');
  await eva.slipway('history', 'production');
  const { output } = await eva.slipwayInto("jq -c '[.rollouts[].outcome]'", 'history', 'production', '--json');
  const { rollouts } = JSON.parse(output) as { readonly rollouts: readonly { readonly outcome: string | null }[] };
  const outcomes = rollouts.map(({ outcome }) => outcome);
  console.log(JSON.stringify(outcomes));
  claims.check(
    outcomes.toReversed().join() === 'promoted,promoted,aborted,promoted,rolledBack',
    'the whole history is known there',
  );
}

async function end({ claims, cluster, namespace, ana, ben, eva, witness }: Scene, { user }: Account): Promise<void> {
  say('7. The agents end. What runs in the cluster goes on.');
  for (const machine of [ana, ben, eva]) await machine.slipway('down');
  await witness.when('nobody with the Lease', () => witness.holders.at(-1)?.holder === null);
  await pause(1000);
  claims.check(
    isAll(witness.shares(), 2) && witness.ready(2) === REPLICAS,
    `the Lease was given back; the route and the ${REPLICAS} pods of #2 stay`,
  );
  if (cluster.auditLog === null)
    console.log('  - not checked: what the API server was asked, which only its own log says');
  else checkLog(claims, readAuditLog(cluster.auditLog, { user }), namespace);
}

/** Of whoever holds the Lease. */
function homeOf({ holders }: Witness): string | null {
  const holder = holders.at(-1)?.holder ?? null;
  return holder === null ? null : (holder.split('/').at(-2) ?? null);
}

/** The candidate's shares came into force in their order, each with pods enough for it. */
function checkSteps(claims: Claims, splits: readonly Split[], candidate: number): void {
  const seen = splits.flatMap(({ shares, ready }) => {
    const share = shares[candidate];
    return share === undefined ? [] : [{ share, ready: ready[candidate] ?? 0 }];
  });
  const words = seen.map(
    ({ share, ready }) => `${Math.round(share * 100)} % (${ready} ${ready === 1 ? 'pod' : 'pods'})`,
  );
  claims.check(
    seen.map(({ share }) => share).join() === STEPS.join() &&
      seen.every(({ share, ready }) => ready >= Math.ceil(share * REPLICAS)),
    `the route gave #${candidate} ${words.join(', ')}`,
  );
}

interface Mark {
  /** Those that came into force since then. */
  splits(): readonly Split[];
}

function mark(witness: Witness): Mark {
  const before = witness.splits.length;
  return { splits: () => witness.splits.slice(before) };
}

function isAll(shares: Split['shares'] | undefined, release: number): boolean {
  return shares?.[release] === 1;
}

function namespaceObject(name: string): object {
  // The API server itself refuses pods that ask for more than they need.
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

interface Addresses {
  readonly namespace: string;
  readonly registry: string;
  readonly prometheus: string;
}

function settingsOf({ namespace, registry, prometheus }: Addresses): string {
  return `image: ${registry}/herald
environments:
  production:
    platform: { kubernetes: { namespace: ${namespace}, traffic: gateway-api, gateway: public } }
    replicas: ${REPLICAS}
    config: { LOG_LEVEL: info }
    metrics: { prometheus: { url: '${prometheus}' } }
    strategy:
      canary:
        steps: [{ weight: 10% }, { pause: 8s }, { weight: 50% }, { pause: 6s }, { weight: 100% }]
`;
}
