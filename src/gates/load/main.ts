/**
 * The load generator: a process of its own, so that what is measured is the release and not how busy the agent is, and
 * so that it can be ended whatever it does. Its argument is a `LoadOrder` as JSON; it prints a `LoadReport`.
 */

import autocannon from 'autocannon';
import { messageOf } from '../../kernel/fault.ts';
import { isUnreachable } from '../connection.ts';
import { createLatencyTally, type LoadOrder, type LoadReport } from './load-report.ts';

/** Seconds until a request counts as not answered. */
const ANSWER_LIMIT = 10;

function generate({ url, host, rate, seconds, connections }: LoadOrder): Promise<LoadReport> {
  const tally = createLatencyTally((connections / rate) * 1000);
  const statuses: Record<string, number> = {};
  let complaint: string | null = null;
  let reachable = true;
  return new Promise((resolve, reject) => {
    const options = {
      url,
      headers: { host },
      connections,
      overallRate: rate,
      duration: seconds,
      timeout: ANSWER_LIMIT,
      sampleInt: 100,
      // Its own correction takes a millisecond for the interval whatever the rate; the tally has the true one.
      ignoreCoordinatedOmission: true,
    };
    const run = autocannon(options, (error, result) => {
      if (error !== null && error !== undefined) return reject(error as Error);
      const answered = Object.values(statuses).reduce((sum, count) => sum + count, 0);
      resolve({
        answered,
        statuses,
        unanswered: result.errors,
        reachable,
        complaint,
        p99: tally.quantile(0.99),
        p50: tally.quantile(0.5),
      });
    });
    run.on('response', (_client, status, _bytes, milliseconds) => {
      statuses[status] = (statuses[status] ?? 0) + 1;
      tally.add(milliseconds);
    });
    run.on('reqError', (error) => {
      complaint ??= messageOf(error);
      reachable &&= !isUnreachable(error);
      // It would try again and again, as fast as it can.
      if (!reachable) run.stop();
    });
  });
}

/** An agent that is killed can't end us, and the next one has the load generated anew: two of them would be one too many. */
const agent = process.ppid;
setInterval(() => {
  if (process.ppid !== agent) process.exit(1);
}, 200).unref();

const order = JSON.parse(process.argv[2] ?? '') as LoadOrder;
process.stdout.write(JSON.stringify(await generate(order)));
