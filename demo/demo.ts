/**
 * `npm run demo`: from a commit to a bad release taken back, for real, on this machine. A git repository with the example,
 * a fresh home, real processes, live load; every claim is checked by the load generator's own log. Exits with 1 if one is
 * false.
 */

import { join } from 'node:path';
import { readEnvironments, type RolloutView } from '../src/delivery/index.ts';
import { openSqliteJournal } from '../src/journal/index.ts';
import { systemClock } from '../src/kernel/clock.ts';
import { createRandom } from '../src/kernel/random.ts';
import { leftoversOf } from '../test/leftovers.ts';
import { type Load, startLoad } from '../test/load/load.ts';
import { createClaims, fitsWeight, seenBetween } from './claims.ts';
import { expectCode, pause, seconds, setStage } from './stage.ts';

const RATE = 200;
/** The same canary as always, only with short pauses. */
const SETTINGS = `
environments:
  local:
    replicas: 2
    strategy:
      canary:
        steps: [{ weight: 5% }, { pause: 15s }, { weight: 25% }, { pause: 10s }, { weight: 50% }, { pause: 10s }, { weight: 100% }]
`;

const claims = createClaims();
const stage = setStage({ settings: SETTINGS });
const say = (text: string): void => console.log(`\n${text}`);
let load: Load | undefined;

try {
  await tell();
} catch (error) {
  claims.check(false, `the demo went to its end: ${error instanceof Error ? error.stack : String(error)}`);
} finally {
  await load?.stop().catch(() => undefined);
  await stage.slipway('down');
  const left = leftoversOf(stage.scratch);
  claims.check(
    left.length === 0,
    `no process is left${left.map(({ pid, command }) => `: ${pid} ${command}`).join('')}`,
  );
  stage.remove();
}
console.log(claims.broken === 0 ? '\nEverything held.' : `\n${claims.broken} claims were false.`);
process.exitCode = claims.broken === 0 ? 0 : 1;

async function tell(): Promise<void> {
  say(`A repository with the example service "herald" (release notes and badges) is in ${stage.repository}.`);
  say('1. The pipeline: checks, build, tests, image. What was built before comes from the cache in this checkout.');
  const built = await stage.slipway('run');
  expectCode(built, 0);
  await stage.slipway('image', 'inspect', 'main');

  say('2. The first release.');
  const first = await stage.slipway('deploy', 'local', '--no-wait');
  expectCode(first, 0);
  const address = /it answers at (http\S+)/.exec(first.output)?.[1] ?? '';
  const host = new URL(address).host;
  await serving(address);
  claims.check(true, `it serves ${seconds(first.milliseconds)} after "slipway deploy"`);
  load = startLoad({
    url: address.replace(new URL(address).hostname, '127.0.0.1'),
    host,
    rate: RATE,
    log: join(stage.scratch, 'load.ndjson'),
    paths: shuffledPaths(),
  });
  say(
    `From now on ${RATE} requests a second ask for badges, and a program that knows nothing of Slipway's counters writes each answer down.`,
  );
  await rolloutEnded(1);

  say('3. A good change: a canary at 5, 25, 50 % of the live requests, watched all the time, then promoted.');
  stage.commit('good', 'feat: badges may be square');
  const goodFrom = Date.now();
  expectCode(await stage.slipway('deploy', 'local'), 0);
  const good = seenBetween(load.soFar(), goodFrom);
  claims.check(good.bad.length === 0, `${good.requests} requests during the rollout, ${good.bad.length} failed`);
  checkWeights(2);

  say('4. A bad change: one badge in ten will fail. No test covers it; the judge has to see it.');
  stage.commit('bad', 'feat: build numbers take turns in colour');
  const badFrom = Date.now();
  expectCode(await stage.slipway('deploy', 'local'), 1);
  await pause(500);
  const bad = seenBetween(load.soFar(), badFrom);
  const aborted = rollouts().find(({ started }) => started.number === 3);
  const answered = bad.byRelease.get(3) ?? 0;
  claims.check(
    aborted?.ended?.outcome === 'aborted',
    `it was aborted after ${answered} of ${bad.requests} requests had reached it, ${bad.bad.length} of them with errors`,
  );
  claims.check(
    bad.bad.every(({ release, status }) => release === 3 && status === 500),
    'every failed request was its own error: none was lost, none failed on the stable release',
  );
  claims.check(bad.bad.length > 0 && bad.bad.length <= 30, `${bad.bad.length} users saw an error`);
  claims.check(
    aborted?.counted.candidate.requests !== undefined && aborted.counted.candidate.requests <= answered,
    `the judge decided on ${aborted?.counted.candidate.requests} of them`,
  );
  await stage.slipway('why', 'local/3');

  say('5. A person takes the good change back as well.');
  const backFrom = Date.now();
  expectCode(await stage.slipway('rollback', 'local'), 0);
  const backBy = Date.now();
  await pause(1500);
  const back = seenBetween(load.soFar(), backFrom);
  const lastOfTwo = load.soFar().findLast(({ release }) => release === 2)?.at ?? backFrom;
  claims.check(
    lastOfTwo <= backBy + 100,
    `the last request to #2 was sent ${Math.max(0, lastOfTwo - backFrom)} ms after the command was typed (the command took ${backBy - backFrom} ms)`,
  );
  claims.check(
    back.bad.length === 0 && (back.byRelease.get(1) ?? 0) > 0,
    `#1 serves again; ${back.bad.length} of ${back.requests} requests failed`,
  );
  await stage.slipway('history', 'local');
  const all = await load.stop();
  claims.check(
    all.every(({ status, release }) => (status !== null && status < 500) || release === 3),
    `of ${all.length} requests in all, none failed but by the bad release's own errors`,
  );
}

/** The candidate's share of each step of a rollout, as the generator saw it. */
function checkWeights(number: number): void {
  const rollout = rollouts().find(({ started }) => started.number === number);
  const moments = rollout?.moments ?? [];
  for (const [index, moment] of moments.entries()) {
    const weight = Number(/^step to ([\d.]+)%$/.exec(moment.what)?.[1]) / 100;
    const until = moments[index + 2]?.at;
    if (!(weight < 1) || until === undefined) continue;
    // The route is in force within a moment of the entry; the generator's clock is this machine's.
    const seen = seenBetween(load?.soFar() ?? [], moment.at + 250, until);
    const count = seen.byRelease.get(number) ?? 0;
    claims.check(
      fitsWeight(count, seen.requests, weight),
      `at ${weight * 100} %: ${count} of ${seen.requests} requests went to #${number}`,
    );
  }
}

function rollouts(): readonly RolloutView[] {
  const journal = openSqliteJournal({ path: join(stage.home, 'slipway.db'), clock: systemClock });
  const view = readEnvironments(journal).get('herald/local');
  journal.close();
  return view?.rollouts ?? [];
}

async function rolloutEnded(number: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (rollouts().find(({ started }) => started.number === number)?.ended) return;
    await pause(200);
  }
  throw new Error(`rollout ${number} has not ended within a minute`);
}

async function serving(address: string): Promise<void> {
  const url = new URL('/healthz', address);
  const host = url.host;
  url.hostname = '127.0.0.1';
  const { get } = await import('node:http');
  const deadline = Date.now() + 30_000;
  for (;;) {
    const status = await new Promise<number>((resolve) => {
      get(url, { headers: { host }, agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      }).on('error', () => resolve(0));
    });
    if (status === 200) return;
    if (Date.now() > deadline) throw new Error(`nothing answers at ${address}`);
    await pause(20);
  }
}

/** Build numbers in a fixed but mixed order: in counting order an exact split would give one release all that end in 9. */
function shuffledPaths(): readonly string[] {
  const numbers = Array.from({ length: 1000 }, (_, number) => number);
  const random = createRandom(7);
  for (let last = numbers.length - 1; last > 0; last -= 1) {
    const chosen = Math.floor(random.next() * (last + 1));
    [numbers[last], numbers[chosen]] = [numbers[chosen] ?? 0, numbers[last] ?? 0];
  }
  return numbers.map((number) => `/badge/build/${number}.svg`);
}
