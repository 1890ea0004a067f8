/**
 * How fast a rollback is: from the moment the agent is asked to the last request that the withdrawn release gets, as a
 * load generator of its own sees it. Real agent, router and replicas. Goals (facts/rollouts.md, G5): median < 100 ms, 28 of
 * 30 below it, none above 500 ms, no failed request.
 */

import { join } from 'node:path';
import { createAgentRig, KEY, QUICK } from '../test/rigs/agent-rig.ts';

const ROUNDS = 30;
const RATE = 500;

const component = join(import.meta.dirname, '../test/fixtures/services/misbehave.wasm');
await using rig = createAgentRig({ component });
await rig.start();
const plan = { ...QUICK, steps: [{ kind: 'weight' as const, weight: 1 }], keep: 600_000 };
await rig.deploy({ VERSION: '1' }, plan);
const load = await rig.load(RATE);
await rig.ended(1);

const asked: { readonly at: number; readonly withdrawn: number }[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  // Each round promotes a release and takes it back: what is gone back to still runs at full size.
  await rig.deploy({ VERSION: `round ${round}` }, plan);
  await rig.ended(2 * round + 2);
  const withdrawn = rig.view().now?.stable ?? 0;
  asked.push({ at: Date.now(), withdrawn });
  await rig.client.command(KEY, { kind: 'rollback', to: null });
  await rig.ended(2 * round + 3);
}
const seen = await load.stop();
const delays = asked.map(({ at, withdrawn }, round) => {
  const until = asked[round + 1]?.at ?? Infinity;
  const last = seen.findLast((record) => record.release === withdrawn && record.at >= at && record.at < until);
  return last === undefined ? 0 : last.at - at;
});
const sorted = delays.toSorted((one, other) => one - other);
const median = sorted[Math.floor(ROUNDS / 2)] ?? Infinity;
const quick = sorted.filter((delay) => delay < 100).length;
const most = sorted.at(-1) ?? Infinity;
const failed = seen.filter(({ status }) => status !== 200).length;
console.log(`rollback, ${ROUNDS} rounds at ${RATE} requests/s: asked → last request to the withdrawn release`);
console.log(
  `  median ${median} ms (goal < 100), below 100 ms ${quick} of ${ROUNDS} (goal 28), most ${most} ms (goal ≤ 500)`,
);
console.log(`  ${failed} of ${seen.length} requests failed (goal 0)`);
process.exitCode = median < 100 && quick >= 28 && most <= 500 && failed === 0 ? 0 : 1;
