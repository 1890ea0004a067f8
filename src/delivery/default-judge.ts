/** How a release is judged where nothing else is said: facts/rollouts.md section 9.10. */

import type { JudgeSettings } from './environment-spec.ts';

export const DEFAULT_JUDGE: JudgeSettings = {
  tolerate: 1,
  detect: 2,
  falseAlarm: 0.01,
  miss: 0.05,
  within: 15 * 60_000,
  inconclusive: 'hold',
  slo: { errors: 0.01, p99: null },
  dry: false,
};
