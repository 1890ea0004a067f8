/**
 * What the judge's error probabilities come to: how often a healthy candidate is aborted, a bad one is caught, and a
 * healthy one is promoted in time. Ends with 1 when a bar is not met. Small enough for each commit; `judge-table.ts` has
 * the long one. `node bench/judge-false-alarms.ts [SHARE]`: a share of the runs, for a quick look.
 */

import { report } from './check.ts';
import { judgeBars } from './judge-bars.ts';

const SHARE = Number(process.argv[2] ?? 1);

for (const { name, runs, measure } of judgeBars(300)) {
  const count = Math.max(1, Math.round(runs * SHARE));
  report(`${count} ${name}`, await measure(count));
}
